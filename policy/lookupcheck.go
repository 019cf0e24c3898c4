package policy

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/retrywise/retrywise/internal/yamlfile"
)

// safeMethods are those of IANA's registry that change nothing (RFC 9110, section 9.2.1).
var safeMethods = []string{"GET", "HEAD", "OPTIONS", "PROPFIND", "QUERY", "REPORT", "SEARCH", "TRACE"}

// IsSafe reports whether a request with the method changes nothing, as the registry says.
func IsSafe(method string) bool { return slices.Contains(safeMethods, method) }

var (
	nameForm    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	memberForm  = regexp.MustCompile(`^[^.{}]+(\.[^.{}]+)*$`)
	pointerForm = regexp.MustCompile(`^(/([^~/]|~[01])*)+$`)
)

// Problems returns what is wrong with l, a sentence for each problem. segments are the names
// that it may use for segments of the path. For tools that read it from files: it leaves out
// what the tags say.
func (l Lookup) Problems(segments ...string) []string {
	return slices.Concat(l.requestProblems(), l.nameProblems(segments), l.answerProblems(), l.proofProblems())
}

// requestProblems returns what is wrong with the request of l.
func (l Lookup) requestProblems() []string {
	var problems []string
	if method := l.method(); !IsSafe(method) {
		if near := yamlfile.Nearest(method, safeMethods); near != "" {
			problems = append(problems, fmt.Sprintf("lookup: unknown method %q; did you mean %q?", method, near))
		} else {
			problems = append(problems, fmt.Sprintf("lookup: method %q: expected a safe one, such as GET", method))
		}
	}
	filled, _ := l.Fill(func(string) (string, bool) { return "x", true })
	u, err := url.Parse(filled.Path)
	if err != nil || u.Host != "" || u.Fragment != "" || !strings.HasPrefix(filled.Path, "/") || hasDots(u.Path) {
		problems = append(problems, fmt.Sprintf("lookup: path %q: expected a path below the base URL that begins with /, without . and .. in it", l.Path))
	}
	return problems
}

// hasDots reports whether a path has a segment that leads elsewhere.
func hasDots(path string) bool {
	segments := strings.Split(path, "/")
	return slices.Contains(segments, ".") || slices.Contains(segments, "..")
}

// nameProblems returns what is wrong with the names in the templates.
func (l Lookup) nameProblems(segments []string) []string {
	var problems []string
	for _, template := range []string{l.Path, l.Is} {
		for _, p := range partsOf(template) {
			switch {
			case !p.isName && strings.ContainsAny(p.text, "{}"):
				problems = append(problems, fmt.Sprintf("lookup: %q: expected a name between braces, such as {body.id}", template))
			case p.isName && !isKnownName(p.text, segments):
				problems = append(problems, unknownName(p.text, segments))
			}
		}
	}
	return problems
}

// unknownName is the problem of a name that nothing has.
func unknownName(name string, segments []string) string {
	known := append(slices.Clone(segments), nameOfRecord)
	if _, member, ok := strings.Cut(name, "."); ok {
		known = append(known, bodyPrefix+member)
	}
	if near := yamlfile.Nearest(name, known); near != "" && near != name {
		return fmt.Sprintf("lookup: unknown name {%s}; did you mean {%s}?", name, near)
	}
	return fmt.Sprintf("lookup: unknown name {%s}: expected {record_key}, a member of the JSON body such as {body.id}, or a segment of the endpoint's path that has a name", name)
}

func isKnownName(name string, segments []string) bool {
	member, ok := strings.CutPrefix(name, bodyPrefix)
	return ok && memberForm.MatchString(member) || name == nameOfRecord || slices.Contains(segments, name)
}

// answerProblems returns what is wrong with where l finds the answer.
func (l Lookup) answerProblems() []string {
	var problems []string
	for _, pointer := range []string{l.In, l.At} {
		if pointer != "" && !pointerForm.MatchString(pointer) {
			problems = append(problems, fmt.Sprintf("lookup: expected a JSON pointer, such as /orders or /id; got %q", pointer))
		}
	}
	for _, s := range slices.Concat(l.Found, l.Absent) {
		if !s.isValid() {
			problems = append(problems, fmt.Sprintf("lookup: status %v: expected a range within 200 to 999", s))
		}
	}
	overlaps := func(s StatusRange) bool {
		return slices.ContainsFunc(l.found(), func(o StatusRange) bool { return s.From <= o.To && o.From <= s.To })
	}
	if slices.ContainsFunc(l.absent(), overlaps) {
		problems = append(problems, "lookup: found and absent have a status in common")
	}
	isCompared := l.At != "" || l.HasBody
	switch {
	case (l.At == "") != (l.Is == ""):
		problems = append(problems, "lookup: at and is go together")
	case (l.In != "" || l.Complete) && !isCompared:
		problems = append(problems, "lookup: in and complete need at and is, or has_body: another record may be there")
	case l.method() == "HEAD" && isCompared:
		problems = append(problems, "lookup: the response to HEAD has no body: expected GET")
	}
	return problems
}

// proofProblems returns what is wrong with what l says about absence.
func (l Lookup) proofProblems() []string {
	switch {
	case l.Settle < 0:
		return []string{fmt.Sprintf("lookup: settle: expected zero or more; got %v", l.Settle)}
	case l.Settle > 0 && !l.Consistent:
		return []string{"lookup: settle has no effect without consistent: true, as a read that may lag proves no absence"}
	case l.Consistent && l.Settle == 0:
		return []string{"lookup: consistent has no effect without settle: the vendor may execute the request after its connection was cut"}
	default:
		return nil
	}
}

func (l Lookup) found() []StatusRange {
	if l.Found == nil {
		return []StatusRange{{From: 200, To: 299}}
	}
	return l.Found
}

func (l Lookup) absent() []StatusRange {
	if l.Absent == nil {
		return []StatusRange{{From: 404, To: 404}}
	}
	return l.Absent
}

// OfStatus returns what the status of a response says. LookupFound is said by the status alone
// only if nothing is compared.
func (l Lookup) OfStatus(status int) LookupAnswer {
	isIn := func(s StatusRange) bool { return s.Contains(status) }
	switch {
	case slices.ContainsFunc(l.absent(), isIn):
		return LookupAbsent
	case slices.ContainsFunc(l.found(), isIn):
		return LookupFound
	default:
		return LookupUnclear
	}
}

// lookupProblems returns what is wrong with the look-up of e.
func (e Endpoint) lookupProblems() []string {
	var problems []string
	for _, pattern := range e.Paths {
		for segment := range strings.SplitSeq(pattern, "/") {
			name, isName := segmentName(segment)
			if strings.ContainsAny(segment, "{}") && (!isName || !nameForm.MatchString(name)) {
				problems = append(problems, fmt.Sprintf("path %q: expected a name in braces to be a whole segment, such as /orders/{id}", pattern))
			}
		}
	}
	if e.Lookup == nil {
		return problems
	}
	problems = append(problems, e.Lookup.Problems(e.commonNames()...)...)
	path, query, _ := strings.Cut(e.Lookup.Path, "?")
	switch isCompared := e.Lookup.At != "" || e.Lookup.HasBody; {
	case isCompared:
	case len(namesIn(query)) > 0, len(namesIn(path)) == 0:
		problems = append(problems, "lookup: a path that names no record needs at and is, or has_body: its status says nothing about one")
	}
	return problems
}

// commonNames returns the names of segments that each of e.Paths has.
func (e Endpoint) commonNames() []string {
	var common []string
	for i, pattern := range e.Paths {
		names := segmentNames(pattern)
		if i == 0 {
			common = names
		}
		common = slices.DeleteFunc(common, func(name string) bool { return !slices.Contains(names, name) })
	}
	return common
}

func segmentNames(pattern string) []string {
	var names []string
	for segment := range strings.SplitSeq(pattern, "/") {
		if name, ok := segmentName(segment); ok {
			names = append(names, name)
		}
	}
	return names
}
