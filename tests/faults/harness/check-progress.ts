// Everything is delivered within a bound, unless it is paused, and what is paused is not delivered.

import type { PauseChange } from './history.ts'
import { isMatch } from './rule-pools.ts'
import { placeText } from './story.ts'
import type { Story, Violation } from './story.ts'

interface PausedTime {
  readonly match: string
  /** A pause is surely in force from here … */
  readonly fromMs: number
  /** … to here, … */
  readonly untilMs: number
  /** … and may have been from here … */
  readonly maybeFromMs: number
  /** … to here. */
  readonly maybeUntilMs: number
}

export function checkFinished({ events }: Story): Violation[] {
  return events.flatMap((event): Violation[] =>
    event.kind !== 'finished' || event.unsettled === 0
      ? []
      : [
          {
            promise: 'all is settled once faults end',
            text: `${event.consumer} has ${event.unsettled} unsettled records`,
            evidence: [event],
          },
        ],
  )
}

export function checkAnswers({ events }: Story): Violation[] {
  return events.flatMap((event): Violation[] =>
    event.kind === 'odd'
      ? [{ promise: 'every answer makes sense', text: event.text, evidence: [event] }]
      : [],
  )
}

export function checkStarvation(story: Story): Violation[] {
  const { starvationMs } = story.settings
  return story.consumers.flatMap((consumer) => {
    const pauses = pausedTimes(story, consumer)
    return story.published.flatMap((sent): Violation[] => {
      const first = story.record(consumer, sent).deliveries[0]?.event
      if (first === undefined || story.servedMs(sent.at, first.at) <= starvationMs) return []
      const isExcused = pauses.some(
        ({ match, maybeFromMs, maybeUntilMs }) =>
          isMatch(match, sent.subject) && maybeFromMs < first.at && maybeUntilMs > sent.at,
      )
      if (isExcused) return []
      const waited = (story.servedMs(sent.at, first.at) / 1000).toFixed(1)
      const text = `${consumer}: ${placeText(sent)} of ${sent.subject} waited ${waited} s`
      return [{ promise: 'nothing starves', text, evidence: [sent, first] }]
    })
  })
}

export function checkPauses(story: Story): Violation[] {
  return story.consumers.flatMap((consumer) => {
    const pauses = pausedTimes(story, consumer)
    return story.deliveries.get(consumer)!.flatMap(({ event }): Violation[] => {
      const pause = pauses.find(
        ({ match, fromMs, untilMs }) =>
          event.at >= fromMs && event.at <= untilMs && isMatch(match, event.subject),
      )
      if (pause === undefined || event.isLate) return []
      const text = `${consumer}: ${placeText(event)} of ${event.subject} came while ${pause.match} was paused`
      return [{ promise: 'what is paused is not delivered', text, evidence: [event] }]
    })
  })
}

/** A pause whose outcome nobody knows is surely in force at no time. */
function pausedTimes({ events, settings }: Story, consumer: string): PausedTime[] {
  const changes = events.filter(
    (event): event is PauseChange =>
      (event.kind === 'pause' || event.kind === 'resume') && event.consumer === consumer,
  )
  return changes.flatMap((change, index) => {
    if (change.kind !== 'pause' || change.phase !== 'asked') return []
    const later = changes.slice(index + 1).filter(({ match }) => match === change.match)
    const confirmed = later[0]?.kind === 'pause' && later[0].phase === 'confirmed' ? later[0].at : Infinity
    const resumeAsked = later.find(({ kind, phase }) => kind === 'resume' && phase === 'asked')
    const resumed = later.find(({ kind, phase }) => kind === 'resume' && phase === 'confirmed')
    return [
      {
        match: change.match,
        fromMs: confirmed + settings.jitterMs,
        untilMs: resumeAsked?.at ?? Infinity,
        maybeFromMs: change.at,
        maybeUntilMs: (resumed?.at ?? Infinity) + settings.starvationMs,
      },
    ]
  })
}
