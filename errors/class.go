package errors

import "errors"

// Class says what went wrong, and by that who must act. The set is closed. What a
// client does about a class is an [Action], which a policy chooses.
//
// A Class is an error, so that it can be asked for:
//
//	errors.Is(err, apierrors.NotFound)
type Class uint8

// The classes. None, the zero value, is the class of no error.
const (
	None              Class = iota
	Authentication          // the credential is wrong or revoked; a person must act
	TokenExpired            // a renewable token ran out
	Permission              // the credential is fine, but not for this: scope, plan, blocked account
	MalformedRequest        // the call is wrong in form: the same for every record
	Validation              // this record's content is refused
	Configuration           // something is missing in the vendor account: a mapping, an allowed domain
	NotFound                // the addressed object does not exist
	Dependency              // another object it refers to is absent; create that first
	Conflict                // lost against a concurrent write
	InvalidState            // the current state forbids it for good: in use, built in
	AlreadyExists           // the wanted thing is already there
	RateLimited             // too many calls per window
	QuotaExceeded           // a slot, queue or allowance is full and frees up by itself
	LimitReached            // a hard account limit; waiting does not lift it
	Unsupported             // no such method, module or media type
	TooLarge                // body, URI or range too big; a smaller request can pass
	Timeout                 // no answer in time
	ServerError             // the vendor's own transient fault, whatever status it wears
	Network                 // no HTTP answer: dial, TLS, reset, EOF
	MalformedResponse       // the answer could not be understood
	Canceled                // the caller gave up
	Unknown                 // nothing was decoded: judged by status
)

// classNames is the text of each Class, as in files, logs and metrics.
var classNames = []string{
	None:              "none",
	Authentication:    "authentication",
	TokenExpired:      "token_expired",
	Permission:        "permission",
	MalformedRequest:  "malformed_request",
	Validation:        "validation",
	Configuration:     "configuration",
	NotFound:          "not_found",
	Dependency:        "dependency",
	Conflict:          "conflict",
	InvalidState:      "invalid_state",
	AlreadyExists:     "already_exists",
	RateLimited:       "rate_limited",
	QuotaExceeded:     "quota_exceeded",
	LimitReached:      "limit_reached",
	Unsupported:       "unsupported",
	TooLarge:          "too_large",
	Timeout:           "timeout",
	ServerError:       "server_error",
	Network:           "network",
	MalformedResponse: "malformed_response",
	Canceled:          "canceled",
	Unknown:           "unknown",
}

// Classes returns every class but None, in the order of their declaration.
func Classes() []Class {
	all := make([]Class, 0, len(classNames)-1)
	for c := range classNames[1:] {
		all = append(all, Class(c+1))
	}
	return all
}

// ClassOf returns the class of err: None for nil, the class of the outermost
// *Error or Class in its chain, and Unknown for an error that is not ours.
func ClassOf(err error) Class {
	if err == nil {
		return None
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	if c, ok := errors.AsType[Class](err); ok {
		return c
	}
	return Unknown
}

// String returns the class's name, such as "rate_limited".
func (c Class) String() string { return textOf(classNames, c, "class") }

// Error returns the same as String; it makes a Class a target for errors.Is.
func (c Class) Error() string { return c.String() }

// MarshalText returns the class's name; a value outside the set is an error.
func (c Class) MarshalText() ([]byte, error) { return marshalText(classNames, c, "class") }

// UnmarshalText sets c to the class called text.
func (c *Class) UnmarshalText(text []byte) error {
	return unmarshalText(classNames, c, text, "class")
}

// Known returns the name of every class, for a message about a wrong one.
func (c Class) Known() []string { return classNames[1:] }
