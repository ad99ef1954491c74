import { hash } from 'node:crypto';
import { asDhtError, DhtError, exitCodes, type ListEntry } from '@dht/node';
import type { Command } from 'commander';
import { safePath } from '../files/entry-name.ts';
import { type FetchOptions, type FolderResult, fetchFile, fetchFolder } from '../files/fetch.ts';
import { chooseTarget, type Target } from '../files/target.ts';
import { examples } from '../options.ts';
import { TransferMeter } from '../output/progress.ts';
import { printable } from '../output/text.ts';
import { formatBytes, formatDuration, plural } from '../output/units.ts';
import type { Session } from '../session.ts';
import { copyToStdout } from './cat.ts';

interface GetFlags {
  readonly output?: string;
  readonly force?: boolean;
  readonly progress: boolean;
}

export function registerGet(program: Command, session: Session): void {
  program
    .command('get')
    .summary('fetch a file or a folder')
    .description(
      'Fetches a file or a folder, or what lies at a path in a folder. Every block is verified against its hash. ' +
        'It appears under its final name when it is whole. Interrupted? Run the same command again: it goes on where it ended.',
    )
    .argument('<cid[/path]>', 'what `dht put` printed, or something in that folder')
    .option('-o, --output <path>', 'final name (default: the last part of the path, or the CID); `folder/` puts it in there, `-` prints it')
    .option('-f, --force', 'replace what is there')
    .option('--no-progress', 'no progress line on a terminal')
    .addHelpText('after', examples('dht get bafybei…/photo.jpg', 'dht get bafybei… -o holiday', 'dht get bafybei… -o downloads/'))
    .action((target: string, flags: GetFlags) => get(session, target, flags));
}

async function get(session: Session, spec: string, flags: GetFlags): Promise<void> {
  const cid = spec.replace(/\/+$/, '');
  if (flags.output === '-') return copyToStdout(session, cid, {});
  const startMs = session.io.monoMs();
  const client = await session.client();
  const { signal } = session.io;
  const entries: ListEntry[] = [];
  for await (const entry of client.ls(cid, { recursive: true, signal })) entries.push(entry);
  const found = asFound(cid, entries);
  const force = flags.force === true;
  const target = chooseTarget(flags.output, nameOf(cid), contentName(cid), found.kind, force);
  const meter = new TransferMeter(found.size, startMs);
  const line = session.progress(flags.progress, (nowMs) => meter.line(printable(nameOf(cid)), nowMs));
  const onBytes = (count: number): void => meter.add(count, session.io.monoMs());
  try {
    const result = await fetchEither(found, target, { client, signal, force, onBytes, onSkipped: (count) => meter.skip(count) });
    line.close();
    await tell(session, {
      cid,
      path: target.path,
      kind: found.kind,
      size: found.size,
      ...result,
      elapsedMs: session.io.monoMs() - startMs,
    });
  } catch (error) {
    line.close();
    throw explained(error, target, meter.done, session.io.signal.aborted);
  }
}

type Found =
  | { readonly kind: 'file'; readonly size: number; readonly entry: ListEntry }
  | { readonly kind: 'directory'; readonly size: number; readonly entries: readonly ListEntry[] };

function asFound(spec: string, entries: readonly ListEntry[]): Found {
  const first = entries[0];
  if (first?.path === '' && entries.length === 1) {
    if (first.kind === 'file') return { kind: 'file', size: first.size ?? 0, entry: first };
    throw new DhtError(exitCodes.error, `${spec} is a symbolic link to ${printable(first.target ?? 'somewhere')}; links are not fetched`, {
      hint: 'Fetch what it points to.',
    });
  }
  return { kind: 'directory', size: entries.reduce((sum, entry) => sum + (entry.size ?? 0), 0), entries };
}

async function fetchEither(found: Found, target: Target, options: FetchOptions): Promise<FolderResult> {
  if (found.kind === 'directory') return await fetchFolder(found.entries, target, options);
  await fetchFile(found.entry.cid, found.size, target, options);
  return { files: 1, skippedLinks: [] };
}

/** The last part of the path, or the CID; also a name on this disk, so no `..`. */
function nameOf(spec: string): string {
  const name = spec.slice(spec.lastIndexOf('/') + 1);
  safePath(name);
  return name;
}

/** One name for one content: a CID never changes its meaning, nor does a path below one. */
function contentName(spec: string): string {
  return spec.includes('/') ? hash('sha256', spec).slice(0, 32) : spec;
}

interface Outcome extends FolderResult {
  readonly cid: string;
  readonly path: string;
  readonly kind: Found['kind'];
  readonly size: number;
  readonly elapsedMs: number;
}

async function tell(session: Session, outcome: Outcome): Promise<void> {
  const { files, skippedLinks } = outcome;
  if (session.json) await session.printJson(outcome);
  const content = outcome.kind === 'directory' ? `${formatBytes(outcome.size)} in ${plural(files, 'file')}` : formatBytes(outcome.size);
  session.note(`${printable(outcome.path)}: ${content}, ${formatDuration(outcome.elapsedMs)}`);
  if (skippedLinks.length === 0) return;
  throw new DhtError(
    exitCodes.error,
    `everything is there but ${plural(skippedLinks.length, 'symbolic link')}: ${skippedLinks.map(printable).join(', ')}`,
    {
      hint: 'Links are not fetched, because where they point to is the choice of whoever made the folder.',
    },
  );
}

/** An error in the middle of a fetch, with the good news that what has come is kept. */
function explained(error: unknown, target: Target, bytes: number, interrupted: boolean): DhtError {
  const failure = asDhtError(error);
  if (bytes === 0 || failure.exitCode === exitCodes.integrity || failure.exitCode === exitCodes.conflict) return failure;
  const exitCode = interrupted ? exitCodes.interrupted : failure.exitCode;
  const kept = `${formatBytes(bytes)} are kept in ${target.partial}: run the same command again and it goes on from there.`;
  return new DhtError(exitCode, interrupted ? 'interrupted' : failure.message, {
    hint: failure.hint?.includes('again') ? failure.hint : kept,
    cause: error,
  });
}
