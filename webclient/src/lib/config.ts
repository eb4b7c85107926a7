/** What the server tells the page about itself, in /config.json. */
export interface Config {
  domain: string;
  websocketPath: string;
  registration: 'open' | 'invite' | 'closed';
  version: string;
  demo: boolean;
}

/** Fetches the configuration; the page cannot do anything without it. */
export async function fetchConfig(root = './'): Promise<Config> {
  const response = await fetch(new URL(`${root}config.json`, document.baseURI), { cache: 'no-store' });
  if (!response.ok) throw new Error(`config.json: HTTP ${response.status}`);
  return (await response.json()) as Config;
}

/** The WebSocket on the page's own origin. */
export function socketUrl(config: Config, at: Location = location): string {
  return `${at.protocol === 'https:' ? 'wss' : 'ws'}://${at.host}${config.websocketPath}`;
}
