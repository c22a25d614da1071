// When scheduled runs may start, how copies are proven, what raises the alarm.
import type { PreferencesView } from '../../backend/bindings.ts';
import { proofOf } from '../../rules/preferences.ts';
import { clock } from './schedule.ts';
import { format, within } from './words.ts';

export const rules = {
  title: 'Schedule and rules',
  saved: 'Saved',
  pause: {
    title: 'Scheduled runs',
    on: 'Scheduled runs start by themselves',
    onDetail: 'What runs now goes on when you pause. “Back up now” works all the same.',
    paused: (when: string): string => `Paused until ${within(when)}`,
    pausedDetail: 'Nothing starts by itself until then. “Back up now” works all the same.',
    hour: 'Pause for an hour',
    tomorrow: 'Pause until tomorrow',
    resume: 'Resume',
  },
  start: {
    title: 'When runs may start',
    login: 'Start with the computer',
    loginDetail: 'Labkeep starts hidden when you log in, and keeps its promises from the tray.',
    battery: 'Wait for mains power',
    batteryDetail: 'On battery a scheduled run waits, and starts as soon as the power is back.',
    metered: 'Wait for a connection that is not metered',
    meteredDetail: 'On a phone’s hotspot a scheduled run waits for another network.',
    quiet: 'Quiet hours',
    quietDetail: 'No scheduled run starts in these hours; what is due starts right after them.',
    from: 'From',
    to: 'to',
    quietNone: 'Both times are the same, so there are no quiet hours.',
  },
  proof: {
    title: 'Proof that copies are whole',
    check: 'Check the vaults',
    checkDetail: 'Looks whether everything that snapshots need is there, and reads a part of it.',
    every: 'Every',
    days: 'days',
    readAll: 'Read all within',
    readAllUnit: 'days',
    drill: 'Rehearse restores',
    drillDetail:
      'A drill rebuilds projects from the vault in a scratch folder, reads back what is saved of groups, and checks everything. Nothing is sent to GitLab.',
    items: 'Rebuild',
    itemsUnit: 'projects and groups each time, and those marked important',
    never: 'Never checked by itself: damage shows only when something is restored.',
    neverDrill: 'Never rehearsed by itself: whether copies can be restored is not proven.',
  },
  guard: {
    title: 'Deletion guard',
    lead: 'When much is suddenly gone at GitLab, Labkeep raises an alarm and removes nothing from the vaults until you say that it was meant.',
    items: 'Alarm when',
    itemsUnit: '% of a plan’s projects and groups are gone',
    contents: 'or when',
    contentsUnit: '% of the branches, tags, issues or merge requests of one project are gone',
    atLeast: 'but only from',
    atLeastUnit: 'gone things on',
  },
  /** In a line, for the settings. */
  words: (preferences: PreferencesView): string => {
    const { quiet_hours: quiet } = preferences;
    const waits = [
      preferences.wait_on_battery ? 'on battery' : null,
      preferences.wait_on_metered ? 'on metered connections' : null,
    ].filter((wait) => wait !== null);
    return [
      waits.length === 0 ? 'Runs never wait' : `Runs wait ${format.list(waits)}`,
      quiet === null || quiet.from === quiet.to
        ? 'no quiet hours'
        : `quiet from ${clock(quiet.from)} to ${clock(quiet.to)}`,
    ].join('; ');
  },
  proofWords: (preferences: PreferencesView): string => {
    const proof = proofOf(preferences);
    const days = (count: number): string => (count === 1 ? 'day' : `${format.number(count)} days`);
    const parts = [
      proof.check_every_days > 0 ? `checked every ${days(proof.check_every_days)}` : null,
      proof.drill_every_days > 0 ? `rehearsed every ${days(proof.drill_every_days)}` : null,
    ].filter((part) => part !== null);
    return parts.length === 0
      ? 'Copies are not checked by themselves'
      : `Copies are ${format.list(parts)}`;
  },
};
