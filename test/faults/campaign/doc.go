// Package campaign leads a fault campaign: it starts a server and its database,
// lets clients write to each other, strikes with a seeded schedule of faults,
// measures how long each one keeps clients waiting, then lets everything settle,
// reads all archives and has the logs judged.
package campaign
