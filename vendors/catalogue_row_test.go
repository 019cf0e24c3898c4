package vendors_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// A row is a line of the catalogue, which is an independent list of codes and statuses with
// the expected decisions.
type row struct {
	Vendor, Code, Status, Context, Message string
	Class, Action, Applied, Scope          string
	MaxAttempts, After, AcceptAfterUnknown string
	Extra                                  string
}

func readCatalogue(t testing.TB) []row {
	t.Helper()
	var rows []row
	for _, name := range []string{"catalogue.tsv", "catalogue-beyond-seeds.tsv"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
		columns := strings.Split(lines[0], "\t")
		for _, line := range lines[1:] {
			cells := strings.Split(line, "\t")
			cell := func(name string) string {
				if i := slices.Index(columns, name); i >= 0 && i < len(cells) {
					return cells[i]
				}
				t.Fatalf("%s has no column %s", name, name)
				return ""
			}
			rows = append(rows, row{
				Vendor: cell("vendor"), Code: cell("code"), Status: cell("http_status"), Context: cell("module/context"), Message: cell("message"),
				Class: cell("class"), Action: cell("action"), Applied: cell("applied"), Scope: cell("scope"),
				MaxAttempts: cell("max_attempts"), After: cell("after"), AcceptAfterUnknown: cell("accept_after_unknown"),
				Extra: cell("extra_fields"),
			})
		}
	}
	if len(rows) != 156+18 {
		t.Fatalf("%d rows; want %d", len(rows), 156+18)
	}
	return rows
}

// isCode reports whether the row is about a code rather than a status.
func (r row) isCode() bool {
	return regexp.MustCompile(`^([0-9]{4,6}|E[0-9]{4}|[A-Z]+(_[A-Z]+)*)$`).MatchString(r.Code)
}

// code returns the code of the row in the vendor's data.
func (r row) code() string {
	switch {
	case r.isCode():
		return r.Code
	case r.Code == `{"Data": false}`:
		return "data_false"
	case r.Message == `{"message":"Unauthenticated."}`:
		return "unauthenticated"
	default:
		return ""
	}
}

// statuses returns the statuses of the row. If it has none, they are those with which its
// vendor sends codes.
func (r row) statuses(t testing.TB) []int {
	t.Helper()
	switch {
	case strings.HasSuffix(r.Code, "5xx"):
		return []int{500, 502, 503, 507}
	case r.Code == "4xx":
		return []int{418, 451, 499}
	case strings.HasPrefix(r.Code, "throttled"):
		return []int{400, 401, 403, 404, 422, 429}
	case r.Vendor == vendors.CustomerGauge && r.Status == "":
		return []int{200, 400, 401}
	case r.Status == "":
		return []int{400, 422}
	}
	status, err := strconv.Atoi(r.Status)
	if err != nil {
		t.Fatalf("row %s: status %q", r.Code, r.Status)
	}
	if r.Vendor == vendors.CustomerGauge && r.isCode() {
		return []int{status, 200} // this vendor sends errors in a 2xx, too
	}
	return []int{status}
}

// bodies returns the bodies for the row, in each form of its vendor.
func (r row) bodies() []string {
	switch {
	case r.Code == `{"Data": false}`:
		return []string{r.Code, " {\"Data\":false}\n"}
	case strings.HasPrefix(r.Message, "{"):
		return []string{r.Message}
	case !r.isCode():
		return []string{"", "<html><body>" + r.Message + "</body></html>", r.Message, "\xef\xbb\xbf <!DOCTYPE html><HTML></HTML>", `{"unknown":"shape"}`}
	case r.Vendor == vendors.CustomerGauge:
		return []string{
			fmt.Sprintf(`{"Error":{"Message":%q,"Code":%s}}`, r.Message, r.Code), fmt.Sprintf(`{"Error":{"Code":%q}}`, r.Code),
			fmt.Sprintf(`<?xml version="1.0"?><Error><Message>x</Message><Code>%s</Code></Error>`, r.Code),
		}
	case r.Vendor == vendors.Connectif:
		return []string{fmt.Sprintf(`{"status":400,"title":"Bad Request","detail":%q,"code":%q,"productIds":["a"],"allowedDomains":["b"]}`, r.Message, r.Code)}
	default: // RD Station
		item := fmt.Sprintf(`{"error_type":%q,"error_message":%q}`, r.Code, r.Message)
		return []string{
			`{"errors":` + item + `}`, `{"errors":[` + item + `]}`, `[` + item + `]`,
			`{"errors":{"name":[` + item + `]}}`, `{"errors":{"label":{"pt-BR":[` + item + `]}}}`,
		}
	}
}

func (r row) answers(t testing.TB) []policy.Answer {
	t.Helper()
	header := http.Header{}
	if strings.HasPrefix(r.Code, "throttled") {
		header.Set("Retry-After", "30")
	}
	var answers []policy.Answer
	for _, status := range r.statuses(t) {
		for _, body := range r.bodies() {
			answers = append(answers, policy.Answer{Status: status, Header: header, Body: []byte(body)})
		}
	}
	return answers
}

// state returns the state of a read or, for RD Station, of an upsert, with time for any wait.
// The token can be renewed if the vendor is RD Station or the action is refresh.
func (r row) state() policy.State {
	s := policy.State{Method: http.MethodGet, MaxWait: new(1000 * time.Hour), CanShrink: true, CanRefresh: r.Action == "refresh"}
	if r.Vendor == vendors.RDStation {
		s.Method, s.Path, s.CanRefresh = http.MethodPatch, "/platform/contacts/email:jane@example.com", true
	}
	if strings.HasPrefix(r.Context, "GET /") {
		s.Path = "/v1/campaign-type/7"
	}
	return s
}
