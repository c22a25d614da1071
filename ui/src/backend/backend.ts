// What the window may ask of Labkeep. The shape is derived from the generated
// commands, so a change in Rust that the window does not know yet fails the
// type check; components and state know this interface and nothing of Tauri.
import type { AppError, RunEvent, ShellEvent, commands } from './bindings.ts';

type Commands = typeof commands;

export type CommandName = keyof Commands;

/** Ends a subscription. */
export type Unlisten = () => void;

export type Backend = {
  [Name in CommandName]: (...input: Parameters<Commands[Name]>) => ReturnType<Commands[Name]>;
} & {
  /** Calls `listener` with every hint that something about runs changed. */
  onRunEvent(listener: (event: RunEvent) => void): Promise<Unlisten>;
  /** Calls `listener` with what the shell around the window has to say. */
  onShellEvent(listener: (event: ShellEvent) => void): Promise<Unlisten>;
};

/** Whether a value thrown by a command is the error that all commands throw. */
function isAppError(thrown: unknown): thrown is AppError {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    typeof (thrown as AppError).code === 'string' &&
    typeof (thrown as AppError).message === 'string'
  );
}

/** Gives every thrown value the one shape that the window can show. */
export function toAppError(thrown: unknown): AppError {
  if (isAppError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'bug', message, hint: null };
}
