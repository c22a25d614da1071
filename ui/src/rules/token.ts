// Whether backups stand still until a token is entered.
import type { AttentionView } from '../backend/bindings.ts';

/** For one account, or for any of them. */
export function lacksToken(attention: readonly AttentionView[], account?: string): boolean {
  return attention.some(
    ({ severity, remedy }) =>
      severity === 'danger' &&
      remedy?.do === 'renew_token' &&
      (account === undefined || remedy.account === account),
  );
}
