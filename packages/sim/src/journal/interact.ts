import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { StepperSession } from './session.ts';

/** Where a person types, and reads what comes of it. */
export interface Console {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Reads commands until `quit` or the end of the input. */
export async function interact(session: StepperSession, { input, output }: Console): Promise<void> {
  const lines = createInterface({ input, output });
  const ask = (): void => {
    lines.setPrompt(session.prompt);
    lines.prompt();
  };
  let isOver = false;
  output.write(session.greeting());
  ask();
  lines.on('line', (line) => {
    // Lines that came together with `quit` are still handed out.
    const answer = isOver ? 'quit' : session.execute(line);
    isOver ||= answer === 'quit';
    if (isOver) {
      lines.close();
      return;
    }
    output.write(answer);
    ask();
  });
  await once(lines, 'close');
}
