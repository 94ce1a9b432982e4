// Stands in for the cache of discovered endpoints in the bundles: endpoint discovery is off. With its LRU it is 8 KB.

export class EndpointCache {}
