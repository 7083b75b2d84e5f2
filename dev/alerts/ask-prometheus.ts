/** What a Prometheus answers to one of its paths; throws what it says is wrong. */
export async function askPrometheus<Data>(
  url: string,
  path: string,
  asked: Readonly<Record<string, string>> = {},
): Promise<Data> {
  const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(asked)}`);
  const { status, data, error } = (await answer.json()) as { status: string; data: Data; error?: string };
  if (status !== 'success') throw new Error(`${path}: ${error}`);
  return data;
}
