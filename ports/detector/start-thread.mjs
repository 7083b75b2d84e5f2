// Starts detector-thread.ts. Node 22.18 and later run TypeScript by themselves, others with tsx, in each thread anew.
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
await import('./detector-thread.ts');
