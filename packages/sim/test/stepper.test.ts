import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Violation } from '../src/checkers/violations.ts';
import { interact } from '../src/journal/interact.ts';
import { recordJournal } from '../src/journal/journal-recorder.ts';
import { JournalStepper } from '../src/journal/journal-stepper.ts';
import { StepperSession } from '../src/journal/session.ts';
import { simulate } from '../src/run/simulate.ts';
import { findScenario } from '../src/scenarios/index.ts';

const second = 1000;
const seed = 3;
const host = 2;
const found = 'two roots of a key';

/** The journal of a node that joins, at which something is found wrong after ten seconds. */
function violatedJournal(): readonly string[] {
  const scenario = findScenario('join-storm');
  if (scenario === undefined) throw new Error('the scenario is there');
  const lines: string[] = [];
  simulate({
    scenario,
    seed,
    onWorld: (world) => {
      const note = recordJournal(world, host, lines);
      world.engine.after(10 * second, () => {
        const violation: Omit<Violation, 'hosts'> = {
          checker: 'one-root',
          demand: 'calm',
          atMs: world.now,
          message: found,
          lastMessages: [],
        };
        note({ ...violation, hosts: world.hosts.slice(host, host + 1) });
      });
    },
  });
  return lines;
}

describe(`a person steps through the journal of node ${host} of join-storm, seed ${seed}`, () => {
  let journal: readonly string[] = [];
  let session: StepperSession;
  const positionOf = (prompt: string): number => Number(prompt.split('/')[0]);

  beforeAll(() => {
    journal = violatedJournal();
  });

  const begin = (lines: readonly string[] = journal): void => {
    session = new StepperSession(new JournalStepper(lines));
  };

  test('on to the violation, and back to see what led to it', () => {
    begin();
    const there = session.execute('continue');
    expect(there).toContain(`VIOLATION one-root at 10.000 s: #${host} ${found}`);
    const position = positionOf(session.prompt);
    expect(position).toBeGreaterThan(10);
    expect(session.execute('back 3')).toMatch(new RegExp(`^${position - 3}  `));
    expect(session.execute('next 3')).toContain(found);
    expect(session.execute('continue'), 'there is one only').toBe('The journal ends here.\n');
  });

  test('one step after the other, an empty line being the next', () => {
    begin();
    const lines = [session.execute(''), session.execute('n'), session.execute('next')].map((answer) => answer.split('  ')[0]);
    expect(lines).toEqual(['1', '2', '3']);
    expect(session.execute('restart')).toBe('At the start.\n');
    expect(session.execute('goto 3')).toMatch(/^3 {2}/);
  });

  test('to a message of a type, and of a node', () => {
    begin();
    const grant = session.execute('message joinGrant');
    expect(grant).toContain('joinGrant');
    const from = /← ([0-9a-f]{8})/.exec(grant)?.[1] ?? '';
    session.execute('restart');
    expect(session.execute(`m joinGrant ${from}`)).toBe(grant);
    session.execute('restart');
    expect(session.execute('m activated')).toContain('event activated');
    expect(session.execute('m joinGrant ffffffff')).toBe('The journal ends here.\n');
  });

  test('to a time, back as well', () => {
    begin();
    const at = (answer: string): number => Number(/^\d+ {2}([0-9.]+) s/.exec(answer)?.[1]);
    expect(at(session.execute('time 20'))).toBeGreaterThanOrEqual(20);
    expect(at(session.execute('t 5'))).toBeLessThan(20);
    expect(at(session.execute('t +5'))).toBeGreaterThanOrEqual(10);
    expect(session.execute('t noon')).toContain('no time');
  });

  test('the state of the node is that of the present step', () => {
    begin();
    session.execute('next');
    expect(session.execute('state')).toMatch(/full, joining;/);
    session.execute('m activated');
    session.execute('time +20');
    const state = session.execute('state');
    expect(state).toMatch(/full, active; \d+ nodes by its estimate/);
    expect(state).toMatch(/^ +\+1 {2}[0-9a-f]{8}\/1 {2}active, connected/m);
    expect(state).toMatch(/in [0-9.]+ s {2}heartbeat/);
    session.execute('restart');
    expect(session.execute('state')).toMatch(/full, joining;/);
  });

  test('what a core answers otherwise than recorded is stopped at', () => {
    const index = journal.findIndex((line) => line.includes('"type":"joinGrant"'));
    begin(journal.map((line, at) => (at === index ? line.replace(/"token":\d+/, '"token":999') : line)));
    expect(session.execute('c')).toContain('NOT AS RECORDED');
  });

  test('a journal whose writer was killed is stepped through up to its last whole line', () => {
    begin([...journal, (journal.at(-1) as string).slice(0, 40)]);
    session.execute(`goto ${journal.length}`);
    expect(positionOf(session.prompt)).toBe(journal.length - 2);
  });

  test('what is no command is said to be none', () => {
    begin();
    expect(session.execute('sing')).toContain("no command 'sing'");
    expect(session.execute('help')).toContain('continue');
  });

  test('the terminal asks, answers and ends', async () => {
    begin();
    const [input, output] = [new PassThrough(), new PassThrough()];
    const shown = text(output);
    input.end('n\nstate\nquit\nn\n');
    await interact(session, { input, output });
    output.end();
    const said = await shown;
    expect(said).toContain(`with ${journal.length - 2} steps`);
    expect(said).toContain('joining');
    expect(said.trimEnd().endsWith(`1/${journal.length - 2}>`)).toBe(true);
  });
});
