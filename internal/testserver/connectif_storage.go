package testserver

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// connectifURLTime is how long the URL of a file is valid.
const connectifURLTime = 100 * time.Minute

// A connectifFile is the file of an export. It is not changed after the export has
// its id.
type connectifFile struct {
	id   string // of the export
	rows int
	data []byte
	at   time.Time // of the data
}

// connectifStorage serves files by URLs that contain a token.
type connectifStorage struct {
	mu     sync.Mutex // guards the fields below
	base   string
	issued int
	grants map[string]connectifGrant // by token
	leaks  int
}

// A connectifGrant allows access to a file.
type connectifGrant struct {
	file       *connectifFile
	until      time.Time
	redirected bool // GET /files redirects to /blob
}

// SetStorageURL sets the base URL of Storage. The default is "http://storage.test".
func (cf *Connectif) SetStorageURL(base string) {
	cf.storage.mu.Lock()
	defer cf.storage.mu.Unlock()
	cf.storage.base = base
}

// LeakedCredentials returns how many requests to the storage had an Authorization,
// Cookie or X-Api-Key header. The storage is another origin and needs no credential.
func (cf *Connectif) LeakedCredentials() int {
	cf.storage.mu.Lock()
	defer cf.storage.mu.Unlock()
	return cf.storage.leaks
}

// Storage returns the handler that serves the files of the exports. Serve it on
// another server than the API; see SetStorageURL. Every second file URL redirects
// once, within the storage.
func (cf *Connectif) Storage() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /files/{token}", cf.storage.serveFile)
	routes.HandleFunc("GET /blob/{token}", cf.storage.serveBlob)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cf.storage.watch(r.Header)
		routes.ServeHTTP(w, r)
	})
}

// watch counts a request with a credential.
func (s *connectifStorage) watch(header http.Header) {
	for _, key := range []string{"Authorization", "Cookie", "X-Api-Key"} {
		if header.Values(key) != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.leaks++
			return
		}
	}
}

// grant issues a new URL for file.
func (s *connectifStorage) grant(file *connectifFile) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grants == nil {
		s.grants = map[string]connectifGrant{}
	}
	s.issued++
	token := fmt.Sprintf("demo-file-%d", s.issued)
	s.grants[token] = connectifGrant{file, time.Now().Add(connectifURLTime), s.issued%2 == 0}
	return s.base + "/files/" + token
}

// revoke makes all URLs for the file of an export invalid.
func (s *connectifStorage) revoke(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.grants, func(_ string, g connectifGrant) bool { return g.file.id == id })
}

// find returns the grant of a valid token.
func (s *connectifStorage) find(token string) (grant connectifGrant, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	grant, ok = s.grants[token]
	return grant, ok && time.Now().Before(grant.until)
}

func (s *connectifStorage) serveFile(w http.ResponseWriter, r *http.Request) {
	if grant, ok := s.find(r.PathValue("token")); ok && grant.redirected {
		http.Redirect(w, r, "/blob/"+r.PathValue("token"), http.StatusFound)
		return
	}
	s.serveBlob(w, r)
}

func (s *connectifStorage) serveBlob(w http.ResponseWriter, r *http.Request) {
	grant, ok := s.find(r.PathValue("token"))
	if !ok {
		reply{status: http.StatusForbidden, xml: "<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code><Message>Access denied.</Message></Error>"}.send(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("ETag", `"`+grant.file.id+`"`)
	http.ServeContent(w, r, "", grant.file.at, bytes.NewReader(grant.file.data))
}

// file creates the file of an order from the current data.
func (s *connectifShop) file(order map[string]any) *connectifFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	table := s.contactTable()
	if order["exportType"] == "activities" {
		table = s.activityTable(order["filters"].(map[string]any))
	}
	var data bytes.Buffer
	w := csv.NewWriter(&data)
	w.Comma = rune(order["delimiter"].(string)[0])
	_ = w.WriteAll(table) // never fails: the delimiter is valid, and so is every write to a buffer
	return &connectifFile{rows: len(table) - 1, data: data.Bytes(), at: time.Now()}
}

// contactTable has a line for each contact and a column for each of their fields.
func (s *connectifShop) contactTable() [][]string {
	all := map[string]bool{}
	for _, fields := range s.contacts {
		for name := range fields {
			all[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(all))
	table := [][]string{append([]string{"email"}, names...)}
	for _, email := range slices.Sorted(maps.Keys(s.contacts)) {
		line := []string{email}
		for _, name := range names {
			line = append(line, connectifCell(s.contacts[email][name]))
		}
		table = append(table, line)
	}
	return table
}

// activityTable has a line for each purchase in the range of filters. The fake has no
// other activities.
func (s *connectifShop) activityTable(filters map[string]any) [][]string {
	from, _ := connectifTime(filters["fromDate"])
	to, _ := connectifTime(filters["toDate"])
	table := [][]string{{"date", "type", "email", "purchaseId"}}
	for _, id := range slices.Sorted(maps.Keys(s.purchases)) {
		purchase := s.purchases[id]
		if !purchase.at.Before(from) && !purchase.at.After(to) {
			email := purchase.fields["contactEmail"].(string)
			table = append(table, []string{connectifStamp(purchase.at), "purchase", email, id})
		}
	}
	return table
}

// connectifCell formats a value: a string as it is, other types as JSON.
func connectifCell(value any) string {
	if text, isText := value.(string); isText || value == nil {
		return text
	}
	data, _ := json.Marshal(value) // never fails: the value was decoded from JSON
	return string(data)
}
