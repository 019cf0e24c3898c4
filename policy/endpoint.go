package policy

import "strings"

// EndpointOf returns a path without what names one record: each segment that has a digit, a
// percent sign or an at sign, or that is long, becomes an asterisk. For tools: a client tells
// outages of endpoints apart by it.
func EndpointOf(path string) string {
	if !hasIdentifier(path) {
		return path
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if isIdentifier(s) {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

// maxWord is how long a segment may be that names no record.
const maxWord = 32

// hasIdentifier reports whether a segment of path names a record.
func hasIdentifier(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if isIdentifier(segment) {
			return true
		}
	}
	return false
}

// isIdentifier reports whether a segment names a record. That of a version does not.
func isIdentifier(segment string) bool {
	if rest, ok := strings.CutPrefix(segment, "v"); ok && strings.Trim(rest, "0123456789.") == "" {
		return false
	}
	return len(segment) > maxWord || strings.ContainsAny(segment, "0123456789@%")
}
