// Package answer reads the body of an HTTP answer that somebody else's server sent:
// JSON or XML into one kind of tree, and problem documents (RFC 9457) out of it.
//
// The bytes are hostile until they are read: depth is bounded, no entity is expanded,
// and what is not wholly well-formed gives nothing. How many bytes there are is for
// the caller to bound.
package answer
