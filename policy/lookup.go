package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/enum"
)

// A Lookup is a request that finds out whether the vendor has executed a write that may have
// been executed. Its Path and Is are templates: {record_key} stands for CallOptions.RecordKey,
// {body.customer.email} for a member of the JSON body of the write, and {id} for the segment
// {id} in the path of the Endpoint. The zero Lookup is not valid.
//
// What is found must be of this write alone, such as the record of an id that the caller chose.
// A write is lost if an older record is taken for it.
type Lookup struct {
	// Method is a safe method (RFC 9110, section 9.2.1). Empty means GET.
	Method string `yaml:"method,nonempty"`

	// Path is the template of the escaped path below the base URL, with a query if it needs
	// one. The look-up goes to the origin of the write. Values are escaped as they are put in.
	Path string `yaml:"path,required,nonempty"`

	// Found are the statuses that say that the record is there. Nil stands for 2xx.
	Found []StatusRange `yaml:"found,nonempty"`

	// Absent are the statuses that say that it is not. Nil stands for 404.
	Absent []StatusRange `yaml:"absent,nonempty"`

	// In is a JSON pointer to the list, or the object, in a response with a status of Found
	// that may hold the record. If that is empty, null, false or 0, the record is absent.
	// Empty: the whole document.
	In string `yaml:"in,nonempty"`

	// At is a JSON pointer from an element of that list, or from that object, to a value, and
	// Is is the template of the text that the value has if the element is the record. Without
	// them, the status is enough.
	At string `yaml:"at,nonempty"`
	Is string `yaml:"is,nonempty"`

	// HasBody means that the record has all members of the JSON body of the write, with the
	// same values, if the write was executed.
	HasBody bool `yaml:"has_body"`

	// Complete means that a response without the record says that it is absent. Otherwise, it
	// may be on a further page, and the response says nothing.
	Complete bool `yaml:"complete"`

	// Consistent means that a read shows each write that was executed, after Settle at the latest.
	// Only then can the absence of a record prove that the write was not executed.
	Consistent bool `yaml:"consistent"`

	// Settle is the longest time from the end of an attempt until the vendor cannot execute its
	// request any more, and until reads show it if it was. The look-up waits for that. Zero
	// means that this is not known.
	Settle time.Duration `yaml:"settle,positive"`
}

// String returns the method and the template of the path, such as "GET /orders/{id}".
func (l Lookup) String() string { return l.method() + " " + l.Path }

func (l Lookup) method() string {
	if l.Method == "" {
		return "GET"
	}
	return l.Method
}

// UnmarshalText parses the short form of a Lookup, such as "GET /orders/{id}".
func (l *Lookup) UnmarshalText(text []byte) error {
	method, path, ok := strings.Cut(string(text), " ")
	if !ok || !strings.HasPrefix(path, "/") {
		return fmt.Errorf("expected a method and a path, such as GET /orders/{id}; got %q", text)
	}
	*l = Lookup{Method: method, Path: path}
	return nil
}

// clone returns a copy of l that shares nothing with it.
func (l *Lookup) clone() *Lookup {
	if l == nil {
		return nil
	}
	copied := *l
	copied.Found, copied.Absent = slices.Clone(l.Found), slices.Clone(l.Absent)
	return &copied
}

// A LookupAnswer is what the response to a look-up says about the record.
type LookupAnswer uint8

// The answers. The zero value, LookupUnclear, is also that of a look-up that failed.
const (
	LookupUnclear LookupAnswer = iota // neither of the others
	LookupFound                       // the record is there
	LookupAbsent                      // it is not
)

var lookupAnswers = enum.Set[LookupAnswer]{Kind: "answer of a look-up", Names: []string{
	LookupUnclear: "unclear", LookupFound: "found", LookupAbsent: "absent",
}}

// String returns "unclear", "found" or "absent".
func (a LookupAnswer) String() string { return lookupAnswers.Text(a) }

// Proves returns what an answer proves about the write. since is the time from the end of its
// latest attempt to the beginning of the look-up. That a record is there proves that the write
// was executed. That it is not proves the opposite only if the look-up is consistent, and if the
// vendor could not execute the write any more.
func (l Lookup) Proves(answer LookupAnswer, since time.Duration) apierrors.Applied {
	switch {
	case answer == LookupFound:
		return apierrors.AppliedYes
	case answer == LookupAbsent && l.Consistent && l.Settle > 0 && since >= l.Settle:
		return apierrors.AppliedNo
	default:
		return apierrors.AppliedUnknown
	}
}

// LookupIn returns how long to wait before l is sent: what is left of Settle, if the latest
// attempt ended since ago. If the wait does not fit into the call, or if the call may make one
// request only, it returns why there is no look-up; otherwise StopNone.
func (p Policy) LookupIn(l Lookup, since time.Duration, s State) (time.Duration, apierrors.Stop) {
	if p.isSingle(Rule{}, s) {
		return 0, apierrors.StopAttempts
	}
	wait := max(l.Settle-since, 0)
	return wait, p.whyNotWait(wait, s)
}

// LookupFor returns how to find out whether a request was executed, and the named segments of
// its path. It reports whether that is known: the first endpoint that has a look-up and covers
// the request says it.
func (p Policy) LookupFor(method, urlPath string) (l Lookup, segments map[string]string, ok bool) {
	for _, e := range p.endpoints {
		if e.Lookup != nil && e.Covers(method, urlPath) {
			return *e.Lookup.clone(), e.segmentsOf(urlPath), true
		}
	}
	return Lookup{}, nil, false
}

// lookupText returns how to find out whether the request was executed, or "".
func (p Policy) lookupText(s State) string {
	l, _, ok := p.LookupFor(s.method(), s.Path)
	if !ok {
		return ""
	}
	return l.String()
}
