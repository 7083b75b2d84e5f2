import { mkdirSync } from 'node:fs';
import { provideSchemas } from './chart/schema-files.ts';
import { provideGoProgram, requirePrograms, ToolMissing, TOOLS_FOLDER as toolsFolder } from './stack/tools.ts';

/** `npm run chart:tools`: what the tests of the Helm chart are made with, once, beside the tools of the stack. */
const say = (line: string) => console.log(line);
try {
  mkdirSync(toolsFolder, { recursive: true });
  await requirePrograms(toolsFolder, { kafka: false, goPrograms: ['helm'] });
  await provideSchemas({ toolsFolder, say });
  say(await provideGoProgram('helm', { toolsFolder, say }));
} catch (error) {
  if (!(error instanceof ToolMissing)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
