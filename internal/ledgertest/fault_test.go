package ledgertest

import (
	"fmt"

	"golang.org/x/net/http2"
)

// A fault is what a request meets, and when.
type fault struct {
	stage  stage
	end    end
	status int           // of a response
	after  string        // its Retry-After
	code   http2.ErrCode // of a stream error
}

func (f fault) String() string {
	text := string(f.stage) + " " + string(f.end)
	switch f.end {
	case respond:
		return fmt.Sprint(text, " ", f.status, " ", f.after)
	case streamError:
		return text + " " + f.code.String()
	default:
		return text
	}
}

// A stage is how far a request has come when the fault strikes.
type stage string

const (
	atHeaders stage = "at its headers"
	inBody    stage = "in its body"
	refused   stage = "read, not executed,"
	executed  stage = "executed,"
	late      stage = "executed late,"
)

func (f fault) executes() bool { return f.stage == executed || f.stage == late }

// An end is how the server ends a request.
type end string

const (
	respond      end = "response"
	reset        end = "reset"                   // of the connection
	cutHeaders   end = "cut in response headers" // then the connection is reset
	cutBody      end = "cut in response body"
	closeAfter   end = "response, then the connection is closed" // which nobody has announced
	hang         end = "no response"
	streamError  end = "RST_STREAM" // HTTP/1: reset
	goAway       end = "GOAWAY"     // HTTP/1: reset
	goAwayGently end = "GOAWAY after the response"
)

// none is what a request meets that meets no fault.
var none = fault{stage: executed, end: respond, status: 200}

// faults are all that there are.
var faults = allFaults()

func allFaults() []fault {
	var all []fault
	for _, s := range []stage{atHeaders, inBody, refused, executed} {
		for _, e := range []end{reset, reset, hang, goAway} {
			all = append(all, fault{stage: s, end: e})
		}
		for _, code := range []http2.ErrCode{
			http2.ErrCodeRefusedStream, http2.ErrCodeRefusedStream, http2.ErrCodeProtocol, http2.ErrCodeInternal, http2.ErrCodeCancel, http2.ErrCodeEnhanceYourCalm,
		} {
			all = append(all, fault{stage: s, end: streamError, code: code})
		}
		for _, status := range []int{500, 502, 503, 504} {
			all = append(all, fault{stage: s, end: respond, status: status})
		}
		for _, after := range []string{"0.01", "0.03"} {
			all = append(all, fault{stage: s, end: respond, status: 503, after: after})
		}
	}
	for _, s := range []stage{atHeaders, refused} { // no vendor executes what it refuses
		for _, status := range []int{307, 400, 401, 403, 408, 409, 413, 421, 422, 425, 429, 501} {
			all = append(all, fault{stage: s, end: respond, status: status})
		}
		for _, after := range []string{"0.01", "1", "3600"} {
			all = append(all, fault{stage: s, end: respond, status: 429, after: after})
		}
	}
	for _, s := range []stage{executed, late} {
		for _, e := range []end{cutHeaders, cutBody, closeAfter, goAwayGently} {
			all = append(all, fault{stage: s, end: e, status: 200}, fault{stage: s, end: e, status: 200})
		}
	}
	return append(all, fault{stage: late, end: respond, status: 200}, fault{stage: late, end: respond, status: 502}, fault{stage: late, end: reset})
}
