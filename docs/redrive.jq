# Turns one message of a dead-letter queue into the entries of "aws events put-events", which sends the stop request again.
# Input: the answer of "aws sqs receive-message". Needs --arg bus NAME, the users' bus.
# A request to end a session loses its force, which the bus does not take. A finding of the sweep becomes no entry, since it has expired and the next sweep judges again; nor does a keep-alive event.
[
  .Messages[0].Body // empty | fromjson | (.requestPayload // .)
  | select(."detail-type" != "Athena Spark Finding")
  | . as $event
  | (.detail // .) as $request
  | ($request.calculationExecutionId // $request.CalculationExecutionId // $request.responseElements.calculationExecutionId) as $calculation
  | ($request.sessionId // $request.SessionId // $request.alarmContributor.attributes.SessionId
      // [$request.configuration.metrics[]?.metricStat.metric.dimensions.SessionId | values][0]) as $session
  | select($calculation // $session)
  | {
      EventBusName: $bus,
      Source: "redrive",
      DetailType: "Athena Calculation Stop Requested",
      # A request for a session covers only what was submitted before this time.
      Time: ($request.requestedAt // $event.time),
      Detail: ({
          calculationExecutionId: $calculation,
          sessionId: (if $calculation then null else $session end),
          endSession: (if $calculation then null else ($request.endSession // $request.EndSession) end),
          reason: ($request.reason // "sent again from the dead-letter queue"),
          requestedBy: ($request.claimedBy // $request.requestedBy // $request.RequestedBy),
          dryRun: ($request.dryRun // $request.DryRun)
        } | with_entries(select(.value != null)) | tojson)
    }
  | with_entries(select(.value != null))
]
