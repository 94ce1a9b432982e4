// Stands in for the global Headers in the bundles: graphql-request makes one for each request, and the first loads all of
// Node's fetch, which takes a fresh process 15 ms.

class HeadersStandIn extends Map<string, string> {
  constructor(init: Readonly<Record<string, string>> = {}) {
    super();
    for (const [name, value] of Object.entries(init)) this.set(name, value);
  }

  override has(name: string): boolean {
    return super.has(name.toLowerCase());
  }

  override set(name: string, value: string): this {
    return super.set(name.toLowerCase(), value);
  }
}

export { HeadersStandIn as Headers };
