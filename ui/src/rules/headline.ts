// The one sentence at the top of Home. It is never better than the truth:
// "everything" is said only when nothing at all is missing.
import type { HomeView, Protection } from '../backend/bindings.ts';
import { lacksToken } from './token.ts';

export type Headline =
  | 'everything'
  | 'known_gaps'
  | 'nothing_yet'
  | 'last_failed'
  | 'last_aborted'
  | 'last_partial'
  | 'no_token'
  | 'attention'
  | 'running'
  | 'paused'
  | 'not_set_up';

export type Tone = 'ok' | 'info' | 'warning' | 'danger' | 'none';

const TONES: Record<Headline, Tone> = {
  everything: 'ok',
  known_gaps: 'info',
  nothing_yet: 'danger',
  last_failed: 'danger',
  last_aborted: 'warning',
  last_partial: 'warning',
  no_token: 'danger',
  attention: 'warning',
  running: 'info',
  paused: 'none',
  not_set_up: 'none',
};

/** What the light in the sidebar says: green only when nothing is missing. */
export type Light = Protection | 'with_gaps' | 'not_known';

/** `home` is none while it is not known what is missing. */
export function lightOf(protection: Protection, home: HomeView | undefined): Light {
  if (protection !== 'protected') return protection;
  if (home === undefined) return 'not_known';
  return hasGaps(home) ? 'with_gaps' : 'protected';
}

export function headlineOf(home: HomeView): { headline: Headline; tone: Tone } {
  const headline = choose(home);
  const severe =
    headline === 'attention' && home.attention.some(({ severity }) => severity === 'danger');
  return { headline, tone: severe ? 'danger' : TONES[headline] };
}

function choose(home: HomeView): Headline {
  switch (home.protection) {
    case 'not_set_up':
      return 'not_set_up';
    case 'running':
      return 'running';
    case 'paused':
      return 'paused';
    case 'protected':
      return hasGaps(home) ? 'known_gaps' : 'everything';
    case 'needs_attention':
      return worst(home);
  }
}

function hasGaps(home: HomeView): boolean {
  return (
    home.never_saved > 0 || home.stale > 0 || home.unreadable > 0 || home.not_covered.length > 0
  );
}

function worst(home: HomeView): Headline {
  switch (home.last_backup?.outcome) {
    case undefined:
      return 'nothing_yet';
    case 'failed':
      return 'last_failed';
    case 'aborted':
      return 'last_aborted';
    case 'partial':
      return 'last_partial';
    case 'complete':
      return lacksToken(home.attention) ? 'no_token' : 'attention';
  }
}
