// Starts the window.
import { mount } from 'svelte';
import AppWindow from './App.svelte';
import { chooseBackend } from './backend/choose.ts';
import { App } from './state/app.svelte.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import { t } from './texts/index.ts';

// Not at the top level of the module: what is read later is made of this piece,
// and would wait for it as it waits for that.
async function start(): Promise<void> {
  const { backend, clock, sample } = await chooseBackend(window.location);
  document.documentElement.lang = t.language;
  const title = sample ? `${t.common.appName} (${t.shell.sample})` : t.common.appName;
  mount(AppWindow, { target: document.body, props: { app: new App(backend, clock), title } });
}

void start();
