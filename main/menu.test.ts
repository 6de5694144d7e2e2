import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { MenuItemConstructorOptions } from 'electron';
import { MENU_COMMANDS, menuTemplate } from './menu.ts';
import { appRoot } from './paths.ts';

const items = (template: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
  template.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? items(item.submenu) : [])]);

test('no two commands share their keys', () => {
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    const keys = items(menuTemplate(() => undefined, platform, true)).map(({ accelerator }) => accelerator).filter((key) => key !== undefined);
    assert.equal(new Set(keys).size, keys.length, platform);
  }
});

test('a choice sends its command', () => {
  const sent: string[] = [];
  for (const item of items(menuTemplate((command) => sent.push(command), 'linux', false))) (item.click as (() => void) | undefined)?.();
  assert.deepEqual(sent, Object.values(MENU_COMMANDS).flat().map(([command]) => command));
});

test('the window knows every command of the menu, with the same keys', () => {
  // Rooms contribute commands of their own.
  const source = ['app/commands.ts', 'designer/folder/commands.ts', 'definitions/saving.ts'].map((file) => readFileSync(path.join(appRoot, 'renderer', file), 'utf8')).join('\n');
  for (const [command, , accelerator] of Object.values(MENU_COMMANDS).flat()) {
    const room = /^go-(.+)$/.exec(command)?.[1];
    assert.ok(source.includes(room === undefined ? `id: '${command}'` : `go('${room}'`), command);
    if (accelerator === undefined) continue;
    const keys = accelerator.replace('CmdOrCtrl', 'Mod');
    assert.ok(source.includes(room === undefined ? `keys: '${keys}'` : `'${keys.replace('Mod+', '')}'`), `${command}: ${keys}`);
  }
});
