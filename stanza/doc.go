// Package stanza reads and writes XML stanzas (RFC 6120 §8, §11): the strict
// scanner, the view it yields over the bytes, the one writer, and stream and
// stanza errors. It knows no network and no clock, and it is the only XML
// parser on the wire: TCP, WebSocket and every later entry point use it.
//
// Three ways to look at XML, from cheap to convenient:
//
//   - Scanner.Scan checks a whole element in one pass (UTF-8, characters,
//     well-formedness, namespaces, RFC 6120 §11.1 restrictions, limits) and
//     fills a View: kind, addresses, children as byte ranges. It copies and
//     allocates nothing for a plain chat message.
//   - Splitter cuts the elements out of a TCP stream, incrementally.
//   - Parse builds an Element tree from checked bytes, for the payloads that a
//     module reads; Element is also how modules make payloads.
//
// Where the standards leave room, the scanner is on the strict side: no XML
// declaration and no byte order mark before a stanza, no entity but the five,
// names by the fourth edition of XML 1.0, since a name that only the fifth has,
// forwarded as it came, would break the stream of a client built on expat.
// Whatever the scanner accepts, expat reads with the same tree, without
// exception; the tests ask it. Nothing costs more than n log n, and what the
// writer makes of a document is a small multiple of it, since one whose
// namespaces would have to be declared again and again is refused.
//
// What is forwarded as it came is only what the scanner proved canonical
// (View.Canonical); everything else is rebuilt by the writer.
package stanza
