package testserver_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

// connectifOrigins connects each host to its server.
type connectifOrigins map[string]http.RoundTripper

func (o connectifOrigins) RoundTrip(r *http.Request) (*http.Response, error) {
	return o[r.URL.Host].RoundTrip(r)
}

// download fetches a URL and follows redirects. path is that of the last URL.
func (o connectifOrigins) download(t *testing.T, url string, header ...string) (g got, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := (&http.Client{Transport: o}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got{resp.StatusCode, resp.Header.Get("Content-Type"), string(body)}, resp.Request.URL.Path
}

func TestConnectifDownload(t *testing.T) {
	const csv, denied = "text/csv; charset=utf-8", "<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code><Message>Access denied.</Message></Error>"
	const contacts = "email,_name,_points,tags\nbo@example.com,\"Bo, B.\",1000000,\"[\"\"a\"\"]\"\njane@example.com,,,\n"
	const activities = "date;type;email;purchaseId\n2000-01-01T00:00:00.000Z;purchase;jane@example.com;o-1\n"
	for name, tt := range map[string]struct {
		order  string
		gets   int           // of the export; the file URL of the last is fetched
		wait   time.Duration // before the download
		delete bool
		header []string
		want   got
		path   string // of the last URL
		leaks  int
	}{
		"contacts":            {connectifContacts, 1, 0, false, nil, got{200, csv, contacts}, "/files/demo-file-1", 0},
		"redirected":          {connectifContacts, 2, 0, false, nil, got{200, csv, contacts}, "/blob/demo-file-2", 0},
		"activities":          {connectifActivities, 1, 0, false, nil, got{200, csv, activities}, "/files/demo-file-1", 0},
		"nearly too late":     {connectifContacts, 1, 100*time.Minute - 1, false, nil, got{200, csv, contacts}, "/files/demo-file-1", 0},
		"too late":            {connectifContacts, 1, 100 * time.Minute, false, nil, got{403, "application/xml", denied}, "/files/demo-file-1", 0},
		"too late, redirect":  {connectifContacts, 2, 100 * time.Minute, false, nil, got{403, "application/xml", denied}, "/files/demo-file-2", 0},
		"deleted":             {connectifContacts, 1, 0, true, nil, got{403, "application/xml", denied}, "/files/demo-file-1", 0},
		"range":               {connectifContacts, 1, 0, false, []string{"Range", "bytes=6-10"}, got{206, csv, contacts[6:11]}, "/files/demo-file-1", 0},
		"the rest":            {connectifContacts, 2, 0, false, []string{"Range", "bytes=6-", "If-Range", `"e00000000000000000000001"`}, got{206, csv, contacts[6:]}, "/blob/demo-file-2", 0},
		"rest of another":     {connectifContacts, 1, 0, false, []string{"Range", "bytes=6-", "If-Range", `"x"`}, got{200, csv, contacts}, "/files/demo-file-1", 0},
		"leak of a key":       {connectifContacts, 1, 0, false, []string{"Authorization", connectifKey}, got{200, csv, contacts}, "/files/demo-file-1", 1},
		"leak by a redirect":  {connectifContacts, 2, 0, false, []string{"X-Api-Key", "k"}, got{200, csv, contacts}, "/blob/demo-file-2", 2},
		"leak to a dead file": {connectifContacts, 1, 0, true, []string{"Cookie", "a=b"}, got{403, "application/xml", denied}, "/files/demo-file-1", 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newConnectif(t, testserver.Service{})
				files := retrywisetest.Handle(t, v.Storage())
				internet := connectifOrigins{"api.test": v.srv.Transport(), "storage.test": files.Transport()}
				v.mustSend("PATCH", "/contacts/bo@example.com", `{"_name":"Bo, B.","_points":1000000,"tags":["a"]}`)
				v.mustSend("POST", "/purchases/", connectifOrder)
				v.mustSend("POST", "/exports/", tt.order)
				v.AddContacts("late@example.com") // after the order
				<-time.After(5 * time.Second)
				var url string
				for range tt.gets {
					url = v.look(1).FileURL
				}
				<-time.After(tt.wait)
				if tt.delete {
					v.mustSend("DELETE", connectifExportPath(1), "")
				}
				g, path := internet.download(t, url, tt.header...)
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("file (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.path, path); diff != "" {
					t.Errorf("path (-want +got):\n%s", diff)
				}
				if n := v.LeakedCredentials(); n != tt.leaks {
					t.Errorf("%d leaks; want %d", n, tt.leaks)
				}
			})
		})
	}
}
