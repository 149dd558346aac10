// Names under `localhost` are this machine (RFC 6761); Node leaves that to the machine's resolver, which may not know.
const dns = require('node:dns');

const ask = dns.lookup;
dns.lookup = (name, ...rest) => ask(/(^|\.)localhost$/.test(name) ? '127.0.0.1' : name, ...rest);
