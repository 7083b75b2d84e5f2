/**
 * Whoever reads what a command says may stop reading, as `| head` does. What it does is worth more than what it says: it
 * goes on to its end. Node would end it at the next line.
 */
export function goOnUnheard(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
