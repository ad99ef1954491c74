export * from './block.ts';
export * from './config.ts';
export * from './io.ts';
export * from './messages.ts';
