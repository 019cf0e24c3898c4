package client

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A vendor may repeat what it got where a code, a field or a request id is expected, and
// those are printed. They are removed if they hold a value that went out with the call: a
// credential, or a part of its path, query or header that may identify somebody. That is
// done after the decision, so that it does not change it.

// Lengths of a value from which it is looked for: anywhere in a text, or between characters
// that are neither letters nor digits. A shorter one would be found in honest codes.
const (
	minInside = 8
	minApart  = 4
)

// values returns the values that went out with a request. sent is the one on the wire.
func (r request) values(sent sentRequest) []string {
	found := append([]string{r.options.IdempotencyKey, r.options.RecordKey, r.options.Account}, userOf(r.http.URL)...)
	found = append(found, userOf(sent.url)...)
	for segment := range strings.SplitSeq(sent.url.EscapedPath(), "/") {
		if plain, err := url.PathUnescape(segment); err == nil && !isWord(plain) {
			found = append(found, segment, plain)
		}
	}
	own := r.http.URL.Query()
	for name, values := range sent.url.Query() {
		isSecret, _ := secretName(name)
		found = append(found, telling(values, isSecret || !slices.Equal(values, own[name]))...)
	}
	for name, values := range sent.header {
		isSecret, _ := secretName(name)
		isOfAuth := !slices.Equal(values, r.http.Header[name])
		if !isTechnical(name) {
			found = append(found, telling(wordsOfHeader(values), isSecret || isOfAuth)...)
		}
	}
	return found
}

func userOf(u *url.URL) []string {
	if u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	return []string{u.User.Username(), password}
}

// telling returns the values that may be a credential or identify somebody. Of those that
// are certainly secret these are all; else a word or a short number is none.
func telling(values []string, areSecret bool) []string {
	if areSecret {
		return values
	}
	isNumber := func(text string) bool { return len(text) < minInside && strings.Trim(text, "0123456789") == "" }
	return slices.DeleteFunc(slices.Clone(values), func(text string) bool { return isWord(text) || isNumber(text) })
}

// isWord reports whether a value is likely a name in the API, such as that of a collection.
func isWord(text string) bool {
	isOther := func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && r != '-' }
	return !strings.ContainsFunc(text, isOther)
}

// isTechnical reports whether a header says how to respond, or is made to be repeated.
func isTechnical(name string) bool {
	for word := range nameWords(name) {
		if has([]string{"correlation", "request", "trace", "traceparent", "tracestate"}, word) {
			return true
		}
	}
	return isHarmless(name) || has([]string{"Content-Type", "Content-Encoding", "Cache-Control"}, name)
}

// wordsOfHeader returns the parts of a header's values that may be a credential, also
// those inside basic authentication.
func wordsOfHeader(values []string) []string {
	var words []string
	for _, value := range values {
		words = append(words, strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t=;,\"", r) })...)
		if packed, ok := strings.CutPrefix(value, "Basic "); ok {
			pair, _ := base64.StdEncoding.DecodeString(packed) // an invalid one hides nothing
			user, password, _ := strings.Cut(string(pair), ":")
			words = append(words, packed, user, password)
		}
	}
	return words
}

// repeats reports whether a text holds a value, whatever its case.
func repeats(text, value string) bool {
	text, value = strings.ToLower(text), strings.ToLower(value)
	switch {
	case len(value) >= minInside:
		return strings.Contains(text, value)
	case len(value) < minApart:
		return false
	}
	isInner := func(r rune) bool { return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || r > 0x7f }
	for before, after, found := strings.Cut(text, value); found; before, after, found = strings.Cut(after, value) {
		if strings.TrimRightFunc(before, isInner) == before && strings.TrimLeftFunc(after, isInner) == after {
			return true
		}
	}
	return false
}

// redact removes from a judgement what repeats a value that went out with its request.
func (c *Client) redact(j *judgement, r request, a *attempt) {
	sent := sentRequest{r.http.URL, r.http.Header}
	if a != nil && a.sent.url != nil {
		sent = a.sent
	}
	values := r.values(sent)
	clean := func(text *string) {
		if slices.ContainsFunc(values, func(value string) bool { return repeats(*text, value) }) {
			*text = ""
		}
	}
	j.requestID = cmp.Or(j.failure.RequestID, c.profile.RequestID(j.header))
	clean(&j.requestID)
	clean(&j.decision.Code)
	for i := range j.failure.Items {
		clean(&j.failure.Items[i].Code)
		clean(&j.failure.Items[i].Path)
	}
	cleanItems(j.decision.Items, clean)
}

// cleanItems cleans the codes and paths of items. A batch has few different ones.
func cleanItems(items []apierrors.Item, clean func(*string)) {
	known := map[string]string{}
	cleanOnce := func(text *string) {
		cleaned, isKnown := known[*text]
		if !isKnown {
			cleaned = *text
			clean(&cleaned)
			known[*text] = cleaned
		}
		*text = cleaned
	}
	for i := range items {
		cleanOnce(&items[i].Code)
		for k := range items[i].Fields {
			cleanOnce(&items[i].Fields[k].Code)
			cleanOnce(&items[i].Fields[k].Path)
		}
	}
}

// A sentRequest is what of a request went out with its credential.
type sentRequest struct {
	url    *url.URL
	header http.Header
}
