export * from './assert.ts';
export * from './config.ts';
export * from './contact.ts';
export * from './id.ts';
export * from './io.ts';
export * from './messages.ts';
export * from './ring.ts';
export * from './view.ts';
