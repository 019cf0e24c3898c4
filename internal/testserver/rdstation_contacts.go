package testserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// contacts is the store of a fake RD Station. The zero value is empty.
type contacts struct {
	ledger retrywisetest.Ledger // by the value of the identifier in the URL
	clock  *clock

	mu         sync.Mutex          // guards the fields below
	byKey      map[string]*contact // each contact under its uuid and its e-mail address
	created    int
	duplicates int
	repeats    int
}

// A contact is guarded by the mutex of its store.
type contact struct {
	fields  map[string]any // replaced, never changed
	payload []byte         // of the last execution
	day     windowLimit    // of PATCHes
	ackedAt int64          // when a success was first sent for payload; 0: not yet
}

// Executed returns how often a PATCH was executed whose URL had value, an e-mail
// address or a uuid.
func (rd *RDStation) Executed(value string) int { return rd.contacts.ledger.Count(value) }

// Stored returns the attributes of the contact with this e-mail address or uuid.
func (rd *RDStation) Stored(value string) (fields map[string]any, ok bool) {
	s := &rd.contacts
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.byKey[value]
	if !ok {
		return nil, false
	}
	return maps.Clone(c.fields), true
}

// Duplicates returns the number of duplicate contact PATCHes; see RDStation.
func (rd *RDStation) Duplicates() int {
	rd.contacts.mu.Lock()
	defer rd.contacts.mu.Unlock()
	return rd.contacts.duplicates
}

// Repeats returns the number of repeated contact PATCHes; see RDStation.
func (rd *RDStation) Repeats() int {
	rd.contacts.mu.Lock()
	defer rd.contacts.mu.Unlock()
	return rd.contacts.repeats
}

func (rd *RDStation) patchContact(c call) reply {
	if !isJSON(c.request) {
		return unsupportedMediaType()
	}
	var payload map[string]any
	if json.Unmarshal(c.body, &payload) != nil || payload == nil {
		return badRequest()
	}
	identifier, value, ok := identify(c.request)
	if !ok {
		return leadNotFound()
	}
	if identifier == "email" && !isEmail(value) {
		return reply{status: http.StatusBadRequest, body: map[string]any{
			"errors": map[string][]vendorError{"email": {invalidEmail()}},
		}}
	}
	if refusal, ok := validate(identifier, payload); !ok {
		return refusal
	}
	return rd.contacts.execute(identifier, value, payload, c.arrivedAt)
}

// identify splits the last part of the URL, such as "email:ana@example.com".
func identify(r *http.Request) (identifier, value string, ok bool) {
	identifier, value, _ = strings.Cut(r.PathValue("contact"), ":")
	return identifier, value, value != "" && (identifier == "email" || identifier == "uuid")
}

func leadNotFound() reply {
	return refuse(http.StatusNotFound, "RESOURCE_NOT_FOUND", "Lead not found.")
}

// execute writes a valid payload. It creates a contact for a new e-mail address.
func (s *contacts) execute(identifier, value string, payload map[string]any, arrivedAt int64) reply {
	canonical, err := json.Marshal(payload) // sorts the fields
	if err != nil {
		return badRequest() // never: payload was decoded from JSON
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byKey[value]
	if c == nil && identifier == "uuid" {
		return leadNotFound()
	}
	address, _ := payload["email"].(string)
	if owner := s.byKey[address]; owner != nil && owner != c {
		return refuse(http.StatusBadRequest, "EMAIL_ALREADY_IN_USE", "email already in use")
	}
	if c == nil {
		c = s.create(value)
	}
	if _, wait := c.day.take(time.Now()); wait > 0 {
		return leadLimited(value, wait)
	}
	s.compare(c, canonical, arrivedAt)
	s.write(c, payload)
	s.ledger.Record(value, canonical)
	return reply{status: http.StatusOK, body: c.fields, sent: func() { s.acknowledge(c, canonical) }}
}

func (s *contacts) create(address string) *contact {
	if s.byKey == nil {
		s.byKey = map[string]*contact{}
	}
	s.created++
	uuid := fmt.Sprintf("00000000-0000-4000-8000-%012d", s.created)
	c := &contact{
		fields: map[string]any{"uuid": uuid, "email": address},
		day:    windowLimit{calls: rdstationPerLead, per: 24 * time.Hour},
	}
	s.byKey[uuid], s.byKey[address] = c, c
	return c
}

// compare counts an execution that changes nothing as a repeat or a duplicate.
func (s *contacts) compare(c *contact, payload []byte, arrivedAt int64) {
	switch {
	case !bytes.Equal(c.payload, payload):
		c.payload, c.ackedAt = payload, 0
	case c.ackedAt != 0 && c.ackedAt < arrivedAt:
		s.duplicates++
	default:
		s.repeats++
	}
}

// write merges payload into the contact.
func (s *contacts) write(c *contact, payload map[string]any) {
	fields := maps.Clone(c.fields)
	maps.Copy(fields, payload)
	delete(s.byKey, c.fields["email"].(string))
	s.byKey[fields["email"].(string)] = c
	c.fields = fields
}

// acknowledge notes that a success is sent for payload, unless another payload has
// replaced it meanwhile.
func (s *contacts) acknowledge(c *contact, payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.ackedAt == 0 && bytes.Equal(c.payload, payload) {
		c.ackedAt = s.clock.tick()
	}
}

func (rd *RDStation) getContact(c call) reply {
	_, value, _ := identify(c.request)
	fields, ok := rd.Stored(value)
	if !ok {
		return leadNotFound()
	}
	return reply{status: http.StatusOK, body: fields}
}

func (rd *RDStation) deleteContact(c call) reply {
	_, value, _ := identify(c.request)
	s := &rd.contacts
	s.mu.Lock()
	defer s.mu.Unlock()
	gone, ok := s.byKey[value]
	if !ok {
		return leadNotFound()
	}
	delete(s.byKey, gone.fields["email"].(string))
	delete(s.byKey, gone.fields["uuid"].(string))
	return reply{status: http.StatusNoContent}
}
