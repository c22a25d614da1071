// After a refused form: the first field that is wrong takes the focus.
import { tick } from 'svelte';

export async function focusInvalid(within: Element | undefined | null): Promise<void> {
  await tick();
  const field = within?.querySelector<HTMLElement>('[aria-invalid="true"]');
  field?.focus({ preventScroll: true });
  // In the middle, so that the words below it are in sight as well.
  field?.scrollIntoView?.({ block: 'center' });
}
