// What else is known about an account's token and its GitLab, for display.
import type { ChecklistView } from '../backend/bindings.ts';
import { t } from '../texts/index.ts';

export type Fact = { label: string; value: string };

export function checklistFacts(checklist: ChecklistView, now: number): Fact[] {
  const text = t.permissions;
  const unknown = text.importUnknown;
  const user = checklist.username === null ? unknown : `@${checklist.username}`;
  const imports = { true: text.importOn, false: text.importOff, null: unknown };
  return [
    { label: text.user, value: user },
    { label: text.kind, value: checklist.token_kind },
    { label: text.server, value: checklist.gitlab ?? unknown },
    {
      label: text.visible,
      value:
        checklist.visible_projects === null ? unknown : t.format.number(checklist.visible_projects),
    },
    { label: text.import, value: imports[`${checklist.direct_import}`] },
    { label: text.restore, value: checklist.can_restore ? text.canRestore : text.cannotRestore },
    { label: text.checked, value: t.format.ago(checklist.checked_at, now) },
  ];
}
