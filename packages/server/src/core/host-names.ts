/** Names of machines and people in texts that leave the house, each with a stand-in that is the same throughout. */
export class HostNames {
  readonly #standIns = new Map<string, string>();
  readonly #home: string;

  /**
   * @param own the name of this machine
   * @param home the home folder of the server's user, which tells a name
   */
  constructor(own: string, home: string) {
    this.#home = home;
    this.learn([own]);
  }

  /** These are names or addresses, alone or with a port. Those that say nothing, such as `localhost`, stay. */
  learn(texts: readonly string[]): void {
    for (const text of texts) {
      const host = withoutPort(text).toLowerCase();
      if (host.length < shortest || !isTelling(host) || this.#standIns.has(host)) continue;
      this.#standIns.set(host, `host-${this.#standIns.size + 1}`);
    }
  }

  /** Learns every host of an address in a text. To be called for all texts before one is hidden. */
  learnFrom(text: string): void {
    this.learn([...text.matchAll(inAddress)].map(([, host = ""]) => host));
    this.learn([...text.matchAll(ipv4)].map(([host]) => host));
  }

  hide(text: string): string {
    let hidden = text.replaceAll(eMail, "[e-mail]");
    if (this.#home.length > 1) hidden = hidden.replaceAll(this.#home, "~");
    // Longest first, so that a name within another leaves no rest.
    const known = [...this.#standIns].sort(([one], [other]) => other.length - one.length);
    for (const [host, standIn] of known) hidden = hidden.replaceAll(wordOf(host), standIn);
    return hidden;
  }
}

const shortest = 3;
const inAddress = /\b[a-z][a-z0-9+.-]*:\/\/(?:[^/?#\s@"'\\]*@)?(\[[0-9a-f:.]+\]|[^/?#\s:"'\\,)\]}]+)/gi;
const ipv4 = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g;
const eMail = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;

/** Whether a host tells of one machine. Those that every machine has do not. */
function isTelling(host: string): boolean {
  return !/^(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1?\]?)$/.test(host);
}

function withoutPort(text: string): string {
  return text.trim().replace(/:\d+$/, "");
}

/** The host where it stands for itself, in any case of its letters. */
function wordOf(host: string): RegExp {
  const escaped = host.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`, "gi");
}
