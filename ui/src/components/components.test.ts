// What the shared components promise.
import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { afterEach, describe, expect, test, vi } from 'vitest';
import Button from './Button.svelte';
import Confirm from './Confirm.svelte';
import Field from './Field.svelte';
import Menu from './Menu.svelte';
import Problem from './Problem.svelte';
import Segments from './Segments.svelte';
import VirtualRows from './VirtualRows.svelte';

afterEach(cleanup);

const words = (text: string) => createRawSnippet(() => ({ render: () => `<span>${text}</span>` }));

describe('a button', () => {
  test('that does nothing says why and does nothing', async () => {
    const onclick = vi.fn();
    render(Button, { children: words('Go'), because: 'There is no plan.', onclick });
    const button = screen.getByRole('button', { name: 'Go' });
    await fireEvent.click(button);
    expect(onclick).not.toHaveBeenCalled();
    expect(button.getAttribute('aria-disabled')).toBe('true');
    const why = document.getElementById(button.getAttribute('aria-describedby') ?? '');
    expect(why?.textContent).toBe('There is no plan.');
    expect(button.hasAttribute('disabled')).toBe(false);
  });

  test('that is busy is not pressed twice', async () => {
    const onclick = vi.fn();
    render(Button, { children: words('Go'), busy: true, onclick });
    await fireEvent.click(screen.getByRole('button'));
    expect(onclick).not.toHaveBeenCalled();
  });
});

describe('a field', () => {
  test('ties its hint to the input, or what is wrong in its place', async () => {
    const error = { code: 'address' as const, message: 'Not an address.', hint: 'Try https.' };
    const field = { label: 'Address', name: 'a', value: '', hint: 'Of your GitLab' };
    const { rerender } = render(Field, field);
    const input = screen.getByLabelText('Address');
    const said = (): string | undefined =>
      document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent?.trim();
    expect(said()).toBe('Of your GitLab');
    expect(input.getAttribute('aria-invalid')).toBeNull();
    await rerender({ ...field, error });
    expect(said()).toBe('Not an address. Try https.');
    expect(input.getAttribute('aria-invalid')).toBe('true');
  });

  test('for a secret hides it and keeps browsers away', async () => {
    render(Field, { label: 'Token', name: 't', value: 'x', secret: true });
    const input = screen.getByLabelText<HTMLInputElement>('Token');
    expect(input.type).toBe('password');
    expect(input.autocomplete).toBe('off');
    await fireEvent.click(screen.getByRole('button', { name: 'Show what is typed' }));
    expect(input.type).toBe('text');
  });
});

describe('a refused command', () => {
  test('is told with its remedy and a way to try again', async () => {
    const retry = vi.fn();
    const error = {
      code: 'address' as const,
      message: 'No answer.',
      hint: 'Check the network.',
    };
    render(Problem, { error, retry });
    const alert = screen.getByRole('alert');
    expect(alert.textContent).toContain('No answer.');
    expect(alert.textContent).toContain('Check the network.');
    await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(retry).toHaveBeenCalledOnce();
  });
});

describe('a long list', () => {
  const row = createRawSnippet((index: () => number) => ({
    render: () => `<span role="gridcell">row ${index()}</span>`,
  }));

  test('draws few of its rows and tells how many there are', () => {
    render(VirtualRows, { label: 'Things', kind: 'grid', count: 10_000, row });
    expect(screen.getByRole('grid').getAttribute('aria-rowcount')).toBe('10000');
    expect(screen.getAllByRole('row').length).toBeLessThan(60);
  });

  test('has one row that Tab reaches, and the arrow keys move it', async () => {
    render(VirtualRows, { label: 'Things', kind: 'grid', count: 50, row });
    const rows = screen.getAllByRole('row');
    expect(rows.filter((one) => one.tabIndex === 0)).toEqual([rows[0]]);
    rows[0]?.focus();
    await fireEvent.keyDown(rows[0]!, { key: 'ArrowDown' });
    await vi.waitFor(() => expect(document.activeElement?.textContent).toBe('row 1'));
  });

  test('opens a row with Enter', async () => {
    const onopen = vi.fn();
    render(VirtualRows, { label: 'Things', kind: 'grid', count: 5, row, onopen });
    await fireEvent.keyDown(screen.getAllByRole('row')[2]!, { key: 'Enter' });
    expect(onopen).toHaveBeenCalledWith(2);
  });
});

describe('a menu', () => {
  test('opens, moves with the arrows, and gives the focus back', async () => {
    const chosen = vi.fn();
    render(Menu, {
      label: 'Show',
      items: [
        { label: 'One', onclick: vi.fn() },
        { label: 'Two', onclick: chosen },
      ],
    });
    const button = screen.getByRole('button', { name: 'Show' });
    await fireEvent.click(button);
    await vi.waitFor(() => expect(document.activeElement?.textContent).toContain('One'));
    await fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
    expect(document.activeElement?.textContent).toContain('Two');
    await fireEvent.click(document.activeElement!);
    expect(chosen).toHaveBeenCalledOnce();
    expect(document.activeElement).toBe(button);
    expect(button.getAttribute('aria-expanded')).toBe('false');
  });
});

describe('segments', () => {
  test('are radio buttons', async () => {
    const onchange = vi.fn();
    const segments = [
      { value: 'a', label: 'A' },
      { value: 'b', label: 'B', count: 1200 },
    ];
    render(Segments, { legend: 'View', segments, value: 'a', onchange });
    await fireEvent.click(screen.getByLabelText(/B/));
    expect(onchange).toHaveBeenCalledWith('b');
  });
});

describe('a second word', () => {
  test('does nothing when the dialog is left', async () => {
    const onconfirm = vi.fn();
    const onclose = vi.fn();
    render(Confirm, {
      title: 'Sure?',
      detail: 'It goes away.',
      confirm: 'Yes',
      onconfirm,
      onclose,
    });
    await fireEvent.click(screen.getByRole('button', { name: 'Close' }));
    expect(onclose).toHaveBeenCalledOnce();
    expect(onconfirm).not.toHaveBeenCalled();
  });
});
