package policy

import (
	"maps"
	"slices"

	"github.com/retrywise/retrywise/internal/yamlfile"
)

// methods are those of IANA's registry of HTTP methods, which says of each whether it is
// idempotent (RFC 9110, section 9.2.2). QUERY is of RFC 10008.
var methods = map[string]bool{
	"ACL": true, "BASELINE-CONTROL": true, "BIND": true, "CHECKIN": true, "CHECKOUT": true, "CONNECT": false,
	"COPY": true, "DELETE": true, "GET": true, "HEAD": true, "LABEL": true, "LINK": true, "LOCK": false, "MERGE": true,
	"MKACTIVITY": true, "MKCALENDAR": true, "MKCOL": true, "MKREDIRECTREF": true, "MKWORKSPACE": true, "MOVE": true,
	"OPTIONS": true, "ORDERPATCH": true, "PATCH": false, "POST": false, "PRI": true, "PROPFIND": true,
	"PROPPATCH": true, "PUT": true, "QUERY": true, "REBIND": true, "REPORT": true, "SEARCH": true, "TRACE": true,
	"UNBIND": true, "UNCHECKOUT": true, "UNLINK": true, "UNLOCK": true, "UPDATE": true, "UPDATEREDIRECTREF": true,
	"VERSION-CONTROL": true,
}

// IsIdempotent reports whether method may be executed twice without harm, as the registry says.
func IsIdempotent(method string) bool { return methods[method] }

// nearestMethod returns the known method that is most similar to m, or "" if none is.
func nearestMethod(m string) string {
	if _, isKnown := methods[m]; isKnown {
		return m
	}
	return yamlfile.Nearest(m, slices.Sorted(maps.Keys(methods)))
}
