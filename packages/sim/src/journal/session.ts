import type { CoreInput, CoreOutput } from '@dht/storage';
import type { JournalStepper, Step } from './journal-stepper.ts';
import { nodeText } from './node-text.ts';
import { stepText } from './step-text.ts';

const second = 1000;
/** Steps printed one after the other at most. */
const printedMax = 100;

/** What a command does with the words behind its name: text for the person, or `quit`. */
type Run = (session: StepperSession, words: readonly string[]) => string | 'quit';

interface Command {
  readonly name: string;
  readonly argument: string;
  readonly about: string;
  readonly run: Run;
}

/** Each may be shortened as long as no other begins alike; of those that do, the first is meant. */
const commands: readonly Command[] = [
  {
    name: 'next',
    argument: '[N]',
    about: 'takes the next N steps (1); an empty line does the same',
    run: (session, [count]) => session.next(count),
  },
  { name: 'back', argument: '[N]', about: 'goes N steps back (1)', run: (session, [count]) => session.back(count) },
  {
    name: 'continue',
    argument: '',
    about: 'goes on to the next violation, or to the first answer that is not as recorded, or to the end',
    run: (session) => session.goOn(),
  },
  {
    name: 'time',
    argument: '[+]S',
    about: 'goes to the first step S seconds after the start of the process; with a +, after the present step',
    run: (session, [time]) => session.toTime(time),
  },
  {
    name: 'message',
    argument: 'TYPE [ID]',
    about: 'goes on to the next message, input, output or event of this type, to or from the node whose id begins so',
    run: (session, [type, id]) => session.toMessage(type, id),
  },
  { name: 'goto', argument: 'N', about: 'goes to step N, back or forth', run: (session, [step]) => session.toStep(step) },
  { name: 'restart', argument: '', about: 'goes back to the start', run: (session) => session.toStep('0') },
  {
    name: 'state',
    argument: '',
    about: 'status, leaf set, sizes of tables, what is under way, and all timers of the node after the present step',
    run: (session) => session.state(),
  },
  { name: 'whole', argument: '', about: 'the present step with nothing left out, as JSON', run: (session) => session.whole() },
  { name: 'help', argument: '', about: 'this text', run: () => help() },
  { name: 'quit', argument: '', about: 'ends', run: () => 'quit' },
];

/** A journal and a person who goes through it: takes one line at a time and says what came of it. */
export class StepperSession {
  private readonly stepper: JournalStepper;
  private readonly startMs: number;

  constructor(stepper: JournalStepper) {
    this.stepper = stepper;
    this.startMs = stepper.startMs;
  }

  get prompt(): string {
    return `${this.stepper.position}/${this.stepper.length}> `;
  }

  /** Which journal it is. */
  greeting(): string {
    const { self } = this.stepper.header;
    return `Journal of node ${self.id}/${self.incarnation} with ${this.stepper.length} steps. 'help' names the commands.\n`;
  }

  execute(line: string): string | 'quit' {
    const [name = 'next', ...words] = line.split(/\s+/).filter((word) => word.length > 0);
    const command = commands.find((known) => known.name.startsWith(name));
    return command === undefined ? `There is no command '${name}'; 'help' names them.\n` : command.run(this, words);
  }

  next(count: string = '1'): string {
    const steps: string[] = [];
    for (let left = Math.min(printedMax, naturalOf(count)); left > 0; left--) {
      const step = this.stepper.forward();
      if (step === undefined) return `${steps.join('')}${theEnd}`;
      steps.push(this.text(step));
    }
    return steps.join('');
  }

  back(count: string = '1'): string {
    this.stepper.goTo(Math.max(0, this.stepper.position - naturalOf(count)));
    return this.present();
  }

  goOn(): string {
    let wasOtherwise = this.stepper.current?.otherwise !== undefined;
    return this.forwardTo(({ violations, otherwise }) => {
      const isNews = violations.length > 0 || (otherwise !== undefined && !wasOtherwise);
      wasOtherwise = otherwise !== undefined;
      return isNews;
    });
  }

  toTime(time: string = ''): string {
    const seconds = Number(time);
    if (time === '' || !Number.isFinite(seconds)) return `'${time}' is no time in seconds\n`;
    const now = this.stepper.current?.now.monoMs ?? this.startMs;
    const atMs = (time.startsWith('+') ? now : this.startMs) + seconds * second;
    if (atMs < now) this.stepper.goTo(0);
    return this.forwardTo((step) => step.now.monoMs >= atMs);
  }

  toMessage(type: string = '', id: string = ''): string {
    if (type === '') return 'Of which type?\n';
    return this.forwardTo((step) => concerns(step, type, id));
  }

  toStep(number: string = ''): string {
    const position = Number(number);
    if (number === '' || !Number.isInteger(position) || position < 0) return `'${number}' is no number of a step\n`;
    this.stepper.goTo(position);
    return this.present();
  }

  state(): string {
    const { core, current } = this.stepper;
    return nodeText(core, current?.now.monoMs ?? this.startMs);
  }

  whole(): string {
    const { current } = this.stepper;
    return current === undefined ? atStart : `${current.recorded}\n`;
  }

  private forwardTo(isThere: (step: Step) => boolean): string {
    for (let step = this.stepper.forward(); step !== undefined; step = this.stepper.forward()) if (isThere(step)) return this.text(step);
    return theEnd;
  }

  private present(): string {
    const { current } = this.stepper;
    return current === undefined ? atStart : this.text(current);
  }

  private text({ number, now, input, outputs, otherwise, violations }: Step): string {
    const time = ((now.monoMs - this.startMs) / second).toFixed(3);
    const lines = [
      stepText(`${number}  ${time} s`, input, outputs),
      ...(otherwise === undefined ? [] : [`    NOT AS RECORDED: ${otherwise}`]),
      ...violations.map((violation) => `    VIOLATION ${violation}`),
    ];
    return `${lines.join('\n')}\n`;
  }
}

const theEnd = 'The journal ends here.\n';
const atStart = 'At the start.\n';

function help(): string {
  const lines = commands.map(({ name, argument, about }) => `  ${`${name} ${argument}`.padEnd(20)}${about}\n`);
  return `${lines.join('')}Commands may be shortened: n, b, c, t, m, …\n`;
}

/** At least 1. */
function naturalOf(text: string): number {
  const number = Math.floor(Number(text));
  return Number.isFinite(number) ? Math.max(1, number) : 1;
}

/** Whether something of the type was told or asked for, to or from the node. */
function concerns({ input, outputs }: Step, type: string, id: string): boolean {
  return [input, ...outputs].some((part) => typesOf(part).includes(type) && (peerOf(part)?.startsWith(id) ?? id === ''));
}

/** What the part is called, and what it carries. */
function typesOf(part: CoreInput | CoreOutput): readonly string[] {
  if ('message' in part) return mailTypes(part.message);
  return part.type === 'event' ? [part.type, part.event.type] : [part.type];
}

function mailTypes(message: { readonly type: string; readonly mail?: { readonly type: string } }): readonly string[] {
  return message.mail === undefined ? [message.type] : [message.type, message.mail.type];
}

/** In hexadecimal digits. */
function peerOf(part: CoreInput | CoreOutput): string | undefined {
  if ('from' in part) return part.from.id.hex;
  if ('peer' in part) return part.peer.id.hex;
  if ('id' in part) return part.id.hex;
  if (!('to' in part)) return undefined;
  return 'id' in part.to ? part.to.id.hex : part.to.hex;
}
