// What in the settings needs the user, for the number beside "Settings".
import type { Overview } from '../backend/bindings.ts';

/** Days before its end from which a token is called about to expire. */
export const EXPIRY_WARNING_DAYS = 14;

export function settingsIssues(overview: Overview): number {
  const tokens = overview.accounts.filter(({ token_days_left }) => expires(token_days_left));
  const vaults = overview.vaults.filter(
    ({ problem, recovery_kit }) => problem !== null || recovery_kit !== 'saved',
  );
  const copies = overview.copies.filter(({ problem }) => problem !== null);
  return (
    tokens.length + vaults.length + copies.length + (overview.keychain_problem === null ? 0 : 1)
  );
}

/** GitLab ends a token when its last day begins, in UTC. */
export function isOver(daysLeft: number | null): boolean {
  return daysLeft !== null && daysLeft <= 0;
}

export function expires(daysLeft: number | null): boolean {
  return daysLeft !== null && daysLeft <= EXPIRY_WARNING_DAYS;
}
