// Package answer parses the body of an HTTP response: JSON or XML into one kind of tree,
// and problem documents (RFC 9457) from that tree. It reads the RateLimit fields, too, which
// are the same for all vendors.
//
// It treats the body as hostile: nesting is bounded, entities are not expanded, and a body
// that is not well-formed as a whole is refused. The caller bounds the number of bytes.
package answer
