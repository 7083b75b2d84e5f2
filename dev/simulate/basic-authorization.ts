/** What the service is told in a header by whoever has a password; admin, unless another is named. */
export function basicAuthorization({
  user = 'admin',
  password,
}: {
  readonly user?: string | undefined;
  readonly password: string;
}): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
