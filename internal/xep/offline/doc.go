// Package offline keeps messages for users who are not there: XEP-0160 version
// 1.0.1, with the delay stamp of XEP-0203 version 2.0.
//
// It owns the feature msgoffline. A message that no session can take is stored
// if it is of type chat or normal and has something to say later: one with
// nothing but chat states (XEP-0085), hints and a thread is dropped, one with
// <no-store/> (XEP-0334) is answered with service-unavailable, so that the
// sender knows. <no-permanent-store/> speaks of archives and allows this
// temporary keeping.
//
// # Delivery
//
// When a session becomes available with a non-negative priority it gets all
// that is stored, oldest first, as it was, with the time it came. One session
// at a time empties an account. It is given as much as its queue can take;
// more follows as what was sent is confirmed. A row is deleted only when its
// message is known to have arrived (module.Tracker); when the session ends
// first the rest waits for the next one. So a message is never lost, and
// comes twice only if the server is killed between delivery and deletion.
//
// A new message that arrives while an account is being emptied goes straight to
// its sessions and may overtake stored ones; the stamps tell their order.
//
// # Left out
//
// Flexible retrieval (XEP-0013).
package offline
