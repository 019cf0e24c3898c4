package apierrors_test

import (
	"strings"
	"testing"

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
	for url, want := range map[string]string{
		"https://h/v4.1/contacts/email:a@b.c": "GET https://h/v4.1/contacts/{}: not_found",
		"https://h/v1/a_b-c/42?token=x":       "GET https://h/v1/a_b-c/{}: not_found",
		"/contacts/7":                         "GET /contacts/{}: not_found",
		"https://h":                           "GET https://h: not_found",
		"":                                    "GET: not_found",
		"https://h/%zz":                       "GET: not_found",
	} {
		e := &apierrors.Error{Method: "GET", URL: url, Class: apierrors.NotFound}
		if got := e.Error(); got != want {
			t.Errorf("Error() of %q = %q; want %q", url, got, want)
		}
	}
}
