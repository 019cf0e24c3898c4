package apierrors_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
)

func TestIsCode(t *testing.T) {
	for s, want := range map[string]bool{
		"E0301": true, "rate_limited": true, "400.17-x": true, strings.Repeat("a", 128): true,
		"": false, "a b": false, "jane@example.com": false, strings.Repeat("a", 129): false,
	} {
		if got := apierrors.IsCode(s); got != want {
			t.Errorf("IsCode(%q) = %v; want %v", s, got, want)
		}
	}
}

func TestErrorMasksTheURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://h/v4.1/contacts/email:a@b.c": "GET https://h/v4.1/contacts/{}: not_found",
		"https://h/v1/a_b-c/42?token=x":       "GET https://h/v1/a_b-c/{}: not_found",
		"/contacts/7":                         "GET /contacts/{}: not_found",
		"https://h":                           "GET https://h: not_found",
		"":                                    "GET: not_found",
		"https://h/%zz":                       "GET: not_found",
	} {
		e := &apierrors.Error{Method: "GET", URL: raw, Class: apierrors.NotFound}
		if got := e.Error(); got != want {
			t.Errorf("Error() of %q = %q; want %q", raw, got, want)
		}
	}
}

func TestPrintableURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://u:p@h:8443/v4.1/contacts/email:a@b.c?token=x#f": "https://h:8443/v4.1/contacts/{}",
		"https://h/a%2Fb/words/2026-11-26/":                      "https://h/{}/words/{}/",
		"/contacts/7":                                            "/contacts/{}",
		"https://h":                                              "https://h",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := apierrors.PrintableURL(u); got != want {
			t.Errorf("PrintableURL(%q) = %q; want %q", raw, got, want)
		}
	}
}

// What may be kept has no personal data, whatever its fields are printed with.
func TestErrorPrintable(t *testing.T) {
	e := full()
	e.IdempotencyKey = "canary"
	e.Code, e.RequestID = "canary said no", "can ary"
	e.Fields = append(e.Fields,
		apierrors.Field{Path: "name", Code: "MUST_BE_STRING", Message: "canary again"},
		apierrors.Field{Path: "a canary@b", Code: "INVALID"}, apierrors.Field{Message: "canary"}, apierrors.Field{Path: "tags", Code: "no canary"})
	e.Attempts[0].Code = "canary said no"
	e.Items = []apierrors.Item{{Key: "canary", Code: "no canary", Fields: []apierrors.Field{{Path: "name", Message: "canary"}}}}
	p := e.Printable()
	type plain apierrors.Error // which fmt prints field by field
	if text := fmt.Sprintf("%+v", plain(*p)); strings.Contains(text, "canary") || !strings.Contains(text, "Send text.") {
		t.Errorf("Printable has personal data, or no hint: %s", text)
	}
	want := []apierrors.Field{{Path: "name", Code: "MUST_BE_STRING"}, {Code: "INVALID"}, {Path: "tags"}}
	if diff := cmp.Diff(want, p.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if e.Attempts[0].Code == "" || e.Fields[0].Message == "" {
		t.Error("Printable changed the error itself")
	}
	if (*apierrors.Error)(nil).Printable() != nil {
		t.Error("the copy of nil is not nil")
	}
}
