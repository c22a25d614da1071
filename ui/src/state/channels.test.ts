import { describe, expect, test } from 'vitest';
import { EmailForm, EndpointForm } from './channels.svelte.ts';
import { fake } from './fixtures.ts';

describe('an address', () => {
  test('that was accepted is not kept, and only its host is told', async () => {
    const { backend, world } = fake();
    const form = new EndpointForm(backend, 'webhook');
    form.address = ' https://hooks.example.org/T0/secret ';
    const view = await form.submit();
    expect(view?.webhook?.host).toBe('hooks.example.org');
    expect(form.address).toBe('');
    expect(JSON.stringify(world.channels)).not.toContain('secret');
  });

  test('that is none stays to be mended', async () => {
    const { backend } = fake();
    const form = new EndpointForm(backend, 'ntfy');
    expect(await form.submit()).toBeNull();
    expect(form.lacking).toMatch(/address/);
    form.address = 'no address';
    expect(await form.submit()).toBeNull();
    expect(form.action.error?.code).toBe('address');
    expect(form.address).toBe('no address');
  });
});

describe('a mail server', () => {
  function filled(backend: ReturnType<typeof fake>['backend']): EmailForm {
    const form = new EmailForm(backend, null);
    form.server = 'mail.example.com';
    form.from = 'labkeep@example.com';
    form.to = 'Mira <mira@example.com>';
    return form;
  }

  test('takes the usual port of its protection along, but not a port that was typed', () => {
    const form = new EmailForm(fake().backend, null);
    form.security = 'tls';
    expect(form.port).toBe('465');
    form.port = '2465';
    form.security = 'start_tls';
    expect(form.port).toBe('2465');
  });

  test('is not asked for while something is missing', async () => {
    const { backend, world } = fake();
    const form = new EmailForm(backend, null);
    form.port = '70000';
    form.username = 'labkeep';
    expect(await form.submit()).toBeNull();
    expect(Object.keys(form.wrong).sort()).toEqual(['from', 'password', 'port', 'server', 'to']);
    expect(world.channels.email).toBeNull();
  });

  test('without a user name wants no password', async () => {
    const { backend } = fake();
    expect((await filled(backend).submit())?.email?.username).toBeNull();
  });

  test('keeps its stored password until the server or the user is another one', async () => {
    const { backend, world } = fake('also=channels');
    const form = new EmailForm(backend, world.channels.email);
    form.to = 'team@example.com';
    expect((await form.submit())?.email?.to).toBe('team@example.com');
    form.server = 'other.example.com';
    expect(await form.submit()).toBeNull();
    expect(form.wrong.password).toBeDefined();
    form.password = 'secret';
    expect(await form.submit()).not.toBeNull();
    expect(form.password).toBe('');
  });
});
