package vcr

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// check returns an error for each place of a file that is not masked. It does not say what is there.
func (m *masker) check(file *cassette.Cassette) error {
	var problems []error
	for n, i := range file.Interactions {
		report := func(where string) {
			problems = append(problems, fmt.Errorf("interaction %d, %s: not masked: record it again, or write %q in its place", n, where, masked))
		}
		if isCompressed(i.Request.Headers, i.Request.Body) || isCompressed(i.Response.Headers, i.Response.Body) {
			report("a compressed body")
		}
		clean, err := m.clean(*i)
		if err != nil {
			problems = append(problems, fmt.Errorf("interaction %d: %w", n, err))
			continue
		}
		for _, part := range []struct {
			where      string
			was, clean string
		}{
			{"the URL", i.Request.URL, clean.Request.URL},
			{"the request URI", i.Request.RequestURI, clean.Request.RequestURI},
			{"the host", i.Request.Host, clean.Request.Host},
			{"the body of the request", i.Request.Body, clean.Request.Body},
			{"the body of the response", i.Response.Body, clean.Response.Body},
			{"the status", i.Response.Status, clean.Response.Status},
		} {
			if part.was != part.clean {
				report(part.where)
			}
		}
		if len(i.Request.Form) > 0 {
			report("the form of the request")
		}
		reportHeaders(report, "of the request", i.Request.Headers, clean.Request.Headers)
		reportHeaders(report, "of the request (trailer)", i.Request.Trailer, clean.Request.Trailer)
		reportHeaders(report, "of the response", i.Response.Headers, clean.Response.Headers)
		reportHeaders(report, "of the response (trailer)", i.Response.Trailer, clean.Response.Trailer)
	}
	return errors.Join(problems...)
}

// reportHeaders reports each header that is not as it is when it is masked.
func reportHeaders(report func(string), where string, was, clean http.Header) {
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if name != "Content-Length" && !slices.Equal(was[name], clean[name]) {
			report("header " + name + " " + where)
		}
	}
}
