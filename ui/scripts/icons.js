// Draws the icons of the app and its tray from two shapes: the app's icon is
// ../icons/labkeep.svg, the tray's are put together here from the keep and a
// badge. PNG, ICO and ICNS come from Tauri's own icon command.
//
//   npm run icons
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const icons = join(import.meta.dirname, '../../icons');
const tray = join(icons, 'tray');
const scratch = mkdtempSync(join(tmpdir(), 'labkeep-icons-'));

/** The keep on a grid of 22. */
const KEEP =
  'M4 2h3v2.5h2.5V2h3v2.5H15V2h3v5.5L16.5 9v6.5L18 20h-5v-4.5c0-1.2-.8-2-2-2s-2 .8-2 2V20H4l1.5-4.5V9L4 7.5z';

/** Light panels want dark strokes and the other way round. */
const PANELS = {
  light: {
    keep: '#2b2924',
    accent: '#0d6e67',
    warning: '#b8690a',
    quiet: '#6a655c',
    sign: '#ffffff',
  },
  dark: {
    keep: '#f4f1ec',
    accent: '#43b8ac',
    warning: '#e8b25a',
    quiet: '#a8a195',
    sign: '#191816',
  },
};

/** Signs inside the badge, whose middle is at 16.5, 16.5. */
const SIGNS = {
  running:
    '<path d="M16.5 13.6v5M14.3 16.6l2.2 2.2 2.2-2.2" fill="none" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" stroke="SIGN"/>',
  'needs-attention':
    '<path d="M16.5 13.4v3.6" fill="none" stroke-width="1.7" stroke-linecap="round" stroke="SIGN"/><circle cx="16.5" cy="19.3" r=".95" fill="SIGN"/>',
  paused:
    '<path d="M15 14.4v4.2M18 14.4v4.2" fill="none" stroke-width="1.6" stroke-linecap="round" stroke="SIGN"/>',
};

const BADGES = { running: 'accent', 'needs-attention': 'warning', paused: 'quiet' };

function drawing(state, panel) {
  const colours = PANELS[panel];
  const open = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 22 22">';
  if (state === 'protected') return `${open}<path fill="${colours.keep}" d="${KEEP}"/></svg>\n`;
  const opacity = state === 'paused' ? ' fill-opacity=".6"' : '';
  const cut =
    '<mask id="cut"><path fill="#fff" d="M0 0h22v22H0z"/><circle cx="16.5" cy="16.5" r="6.5"/></mask>';
  const keep = `<path fill="${colours.keep}"${opacity} mask="url(#cut)" d="${KEEP}"/>`;
  const badge = `<circle cx="16.5" cy="16.5" r="5.5" fill="${colours[BADGES[state]]}"/>`;
  return `${open}${cut}${keep}${badge}${SIGNS[state].replaceAll('SIGN', colours.sign)}</svg>\n`;
}

function tauriIcon(source, folder, ...more) {
  execFileSync('npx', ['tauri', 'icon', source, '--output', folder, ...more], { stdio: 'ignore' });
}

mkdirSync(tray, { recursive: true });
for (const state of ['protected', 'running', 'needs-attention', 'paused']) {
  for (const panel of Object.keys(PANELS)) {
    const name = `${state}-${panel}`;
    const source = join(tray, `${name}.svg`);
    writeFileSync(source, drawing(state, panel));
    const folder = join(scratch, name);
    tauriIcon(source, folder, '--png', '22,44');
    copyFileSync(join(folder, '22x22.png'), join(tray, `${name}.png`));
    copyFileSync(join(folder, '44x44.png'), join(tray, `${name}@2x.png`));
  }
}

const app = join(scratch, 'app');
const source = join(icons, 'labkeep.svg');
tauriIcon(source, app);
copyFileSync(join(app, 'icon.ico'), join(icons, 'icon.ico'));
copyFileSync(join(app, 'icon.icns'), join(icons, 'icon.icns'));
tauriIcon(source, join(app, 'png'), '--png', '32,64,128,256,512');
for (const size of [32, 64, 128, 256, 512]) {
  copyFileSync(join(app, 'png', `${size}x${size}.png`), join(icons, `${size}x${size}.png`));
}
renameSync(join(icons, '512x512.png'), join(icons, 'icon.png'));
copyFileSync(join(icons, '256x256.png'), join(icons, '128x128@2x.png'));
rmSync(scratch, { recursive: true });
