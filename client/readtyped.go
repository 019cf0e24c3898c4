package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"reflect"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
)

// maxTypedResponse bounds a response that is decoded here, before and after its content
// coding. Use Send for more.
const maxTypedResponse = 32 << 20

var (
	errTooLong = errors.New("the response is longer than 32 MiB: use Send")
	errEmpty   = errors.New("the response has no body")
	errHTML    = errors.New("the response is an HTML page")
)

// readTyped reads the whole response and decodes it.
func (x *call) readTyped(resp *http.Response) *judgement {
	data, err := x.readAll(resp)
	x.attempt.StopTimeout()
	_ = x.attempt.Body().Close()
	resp.Body = http.NoBody
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return nil
	case resp.StatusCode >= http.StatusMultipleChoices:
		return redirected(resp)
	case x.isBatch():
		return x.readTypedBatch(resp, data, err)
	case err != nil:
		return x.notUnderstood(resp, data, err)
	}
	x.attempt.text = data
	if j := x.errorIn2xx(resp); j != nil {
		return j
	}
	if err := x.understand(resp, data); err != nil {
		return x.notUnderstood(resp, data, err)
	}
	return nil
}

// readAll reads the whole response, without its content coding.
func (x *call) readAll(resp *http.Response) ([]byte, error) {
	data, err := readUpTo(x.attempt.Body(), maxTypedResponse+1)
	if err != nil {
		return data, x.attempt.Cause(err)
	}
	if len(data) <= maxTypedResponse {
		data, err = answer.Content(resp.Header, data, maxTypedResponse+1)
	}
	if len(data) > maxTypedResponse {
		err = errTooLong
	}
	return bytes.TrimSpace(data), err
}

// A decoding decodes the body of a success. It is called for each attempt that has one.
type decoding func(*http.Response, []byte) error

// understand decodes the body.
func (x *call) understand(resp *http.Response, data []byte) error {
	if answer.IsHTML(data) {
		return errHTML
	}
	return x.decode(resp, data)
}

// needsNoBody reports whether a success may have no body: that of a write, or by its status.
func (x *call) needsNoBody(resp *http.Response) bool {
	return x.request.http.Method != http.MethodGet || isEmptyByStatus(resp)
}

func isEmptyByStatus(resp *http.Response) bool {
	return resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusResetContent
}

// decoded returns the value of a JSON document. Nothing fits into an empty struct only.
func decoded[T any](data []byte) (value T, err error) {
	if len(data) > 0 {
		err = json.Unmarshal(data, &value)
	} else if reflect.TypeFor[T]() != reflect.TypeFor[struct{}]() {
		err = errEmpty
	}
	if err != nil {
		value = *new(T)
	}
	return value, err
}

// notUnderstood is the failure of a success that cannot be used. HTML is not the vendor's
// word: it may be a page of a proxy, or of maintenance. A whole document of another type is
// the same the next time, but another page of a list may be the right one then.
func (x *call) notUnderstood(resp *http.Response, data []byte, err error) *judgement {
	f := brokenSuccess(resp)
	isWhole := json.Valid(data)
	isAnotherPage := errors.Is(err, errLeadsBack) || errors.Is(err, errSameItems)
	f.Permanent = isWhole && !isAnotherPage || errors.Is(err, errTooLong) || is[textproto.ProtocolError](err)
	if errors.Is(err, errHTML) {
		f.Applied = apierrors.AppliedUnknown
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		f.Items = []apierrors.Field{{Path: mismatch.Field}}
	}
	return &judgement{
		failure: f, body: data[:min(len(data), maxErrorBody)], header: resp.Header, summary: wordsOfDecoding(err, isWhole), err: err,
	}
}

// wordsOfDecoding says why a response cannot be used.
func wordsOfDecoding(err error, isWhole bool) string {
	mismatch, isMismatch := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case errors.Is(err, errTooLong), errors.Is(err, errEmpty), errors.Is(err, errHTML), is[answer.PageProblem](err):
		return err.Error()
	case isMismatch:
		kind, _, _ := strings.Cut(mismatch.Value, " ") // a number's value follows
		return fmt.Sprintf("expected %v; got %s", mismatch.Type, kind)
	case isWhole:
		return "the response is not of the expected type"
	default:
		return "the response is not a whole JSON document"
	}
}

// readUpTo reads at most max bytes.
func readUpTo(r io.Reader, max int64) ([]byte, error) { return io.ReadAll(io.LimitReader(r, max)) }
