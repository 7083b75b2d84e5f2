/** What lies below a URL, whether or not that ends with a slash. */
export function below(url: string, path: string): URL {
  return new URL(path, url.endsWith('/') ? url : `${url}/`);
}
