package vendors

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A Candidate is a vendor of the catalog that may have sent a response.
type Candidate struct {
	Vendor    *Vendor
	Certainty Certainty
	Why       []string // what speaks for it, such as "header X-Github-Request-Id", without data of the response
}

// Certainty is how sure a Candidate is. The set is closed.
type Certainty string

// The certainties.
const (
	Possible Certainty = "possible" // the response has a code or a header that others have, too
	Likely   Certainty = "likely"   // it has one that no other vendor has
	Sure     Certainty = "sure"     // it has more than that, and nobody else has much
)

// Points of what speaks for a vendor.
const (
	ownPoints    = 3 // nobody else has it
	sharedPoints = 1
)

// Guess returns the vendors of the catalog that may have sent a failed response, the likeliest
// first: by headers that only their files name, and by listed codes. For a person who has a response
// and not its host; see ByHost.
func Guess(a policy.Answer) []Candidate {
	known := index()
	var all []Candidate
	points := map[*Vendor]int{}
	for _, v := range known.vendors {
		c := Candidate{Vendor: v}
		note := func(n int, what string) {
			if n > 0 && !slices.Contains(c.Why, what) {
				points[v], c.Why = points[v]+n, append(c.Why, what)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(a.Header)) {
			note(known.points(known.headers, name, v), "header "+name)
		}
		for _, code := range v.codesIn(a) {
			note(known.points(known.codes, code, v), "code "+code)
		}
		if points[v] > 0 {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b Candidate) int { return cmp.Compare(points[b.Vendor], points[a.Vendor]) })
	for i := range all {
		all[i].Certainty = certainty(points[all[i].Vendor], i == 0 && (len(all) == 1 || points[all[1].Vendor] < ownPoints))
	}
	return all
}

// certainty returns how sure a candidate with so many points is, of which nobody else may have many.
func certainty(points int, isAlone bool) Certainty {
	switch {
	case points > ownPoints && isAlone:
		return Sure
	case points >= ownPoints:
		return Likely
	default:
		return Possible
	}
}

// codesIn returns the codes of a response that the vendor's file lists. An error inside a 2xx has
// the same codes.
func (v *Vendor) codesIn(a policy.Answer) []string {
	body, _ := answer.Parse(a.Body)
	f := v.decoder.failure(a, body)
	codes := slices.Concat(codesOf(f.Items), f.General)
	return slices.DeleteFunc(codes, func(code string) bool { return !v.marks.codes[code] })
}

// Marks are what a vendor's file names, by which its responses may be recognized.
type marks struct{ codes, headers map[string]bool }

// marks returns what a file names.
func (f file) marks() marks {
	m := marks{codes: map[string]bool{}, headers: map[string]bool{}}
	for _, row := range f.Codes {
		m.codes[row.Code] = true
	}
	add := func(names ...headerName) {
		for _, name := range names {
			if name != "" && !isCommon(string(name)) {
				m.headers[string(name)] = true
			}
		}
	}
	add(f.RequestIDs...)
	for _, row := range f.HeaderCodes {
		add(row.Headers...)
	}
	for _, row := range f.Waits {
		add(row.Header)
	}
	for _, row := range f.Limits {
		if h := row.Headers; h != nil {
			add(h.Header, h.Limit, h.Remaining, h.Reset)
		}
	}
	if f.Verdict != nil {
		add(f.Verdict.Header)
	}
	return m
}

// statusNames returns the names of statuses in the form of a code, in lower case.
func statusNames() map[string]bool {
	names := map[string]bool{}
	for status := http.StatusBadRequest; status < 600; status++ {
		names[strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", "_"))] = true
	}
	return names
}

// oauthCodes are those of RFC 6749 and 6750, which many APIs have.
var oauthCodes = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
	"access_denied", "server_error", "temporarily_unavailable", "invalid_token", "insufficient_scope",
}

// isWord reports whether a code is one word, which other APIs are likely to have, too.
func isWord(code string) bool {
	return strings.ToLower(code) == code && !strings.ContainsAny(code, "0123456789_.-")
}

// isCommon reports whether many APIs send a header.
func isCommon(name string) bool {
	return strings.HasPrefix(name, "Ratelimit") || strings.HasPrefix(name, "X-Ratelimit-") || slices.Contains(commonHeaders, name)
}

var commonHeaders = []string{
	"Retry-After", "Request-Id", "X-Request-Id", "X-Correlation-Id", "Cf-Ray", "Www-Authenticate", "X-Amzn-Requestid", "X-Amz-Apigw-Id",
	"X-Amzn-Remapped-Www-Authenticate", "X-Kong-Request-Id", "Server", "Date", "X-Should-Retry",
}

// A catalogIndex is what the vendors of the catalog name. Codes that many APIs have are left out: the
// names of statuses, and those of OAuth.
type catalogIndex struct {
	vendors        []*Vendor
	codes, headers map[string]int // how many vendors name it
}

// index returns that of the catalog.
var index = sync.OnceValue(func() catalogIndex {
	i, statuses := catalogIndex{vendors: all(), codes: map[string]int{}, headers: map[string]int{}}, statusNames()
	for _, v := range i.vendors {
		for code := range v.marks.codes {
			if !statuses[strings.ToLower(code)] && !slices.Contains(oauthCodes, code) {
				i.codes[code]++
			}
		}
		for header := range v.marks.headers {
			i.headers[header]++
		}
	}
	return i
})

// points returns what it speaks for a vendor that a response has something that its file names.
func (i catalogIndex) points(counts map[string]int, name string, v *Vendor) int {
	switch {
	case counts[name] == 0, !v.marks.codes[name] && !v.marks.headers[name]:
		return 0
	case counts[name] == 1 && !isWord(name):
		return ownPoints
	default:
		return sharedPoints
	}
}
