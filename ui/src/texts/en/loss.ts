// What the deletion guard asks.
import type { LossOf } from '../../backend/bindings.ts';
import { format, within } from './words.ts';

const things: Record<LossOf, string> = {
  items: 'projects and groups',
  refs: 'branches and tags',
  wiki_refs: 'branches of the wiki',
  issues: 'issues',
  merge_requests: 'merge requests',
};

export const loss = {
  title: 'Much is gone at GitLab',
  lead: (plan: string, when: string): string =>
    `The backup of “${plan}” that began ${within(when)} found that these are not there any more. They are still in the vault, in the snapshots from before.`,
  access:
    'Lost access looks the same as a deletion: if somebody took a membership away, GitLab does not show these things to you any more.',
  list: 'What is gone',
  all: 'The whole plan',
  gone: (gone: number, before: number, of: LossOf): string =>
    `${format.number(gone)} of ${format.number(before)} ${things[of]}`,
  meant: 'It was meant',
  meantDetail:
    'The alarm ends. Old snapshots are removed again as the retention says, so in time the copies of what is gone go as well, except for the last whole one of each project.',
  notMeant: 'It was not meant',
  notMeantDetail:
    'The alarm stays and nothing is removed from the vault. The snapshot from before is kept for ever. Open Projects, deleted at GitLab, and restore what is missing from there.',
  later: 'Decide later',
  answer: 'What happened?',
  choose: 'Choose one of the two.',
  save: 'Answer',
  showGone: 'Show what is deleted at GitLab',
  over: 'This alarm was answered already.',
};
