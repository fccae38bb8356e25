# Reads one message of a dead-letter queue: the answer of "aws sqs receive-message".
# A stop request becomes {"send": the event that sends it again through the alias direct, "what": its ID}. It keeps its ID and its time,
# because a request for a session covers only what was submitted before that time. A direct request without a time was made at most an hour before Lambda gave up.
# What nobody has to send again becomes {"drop": why}: a finding of the sweep, which has expired (the next sweep judges again), and a keep-alive event.
# Anything else becomes {"keep": why}.
def given: with_entries(select(.value != null));
.Messages[0].Body
| (try fromjson catch null)
| if type != "object" then {keep: "is no JSON object"} else
    (.timestamp | if . then sub("\\.[0-9]+"; "") | fromdateiso8601 - 3600 | todateiso8601 else null end) as $earliest
    # Lambda's record of a failed invocation, or else the event itself, as EventBridge and Scheduler queue it.
    | (.requestPayload // .)
    | if type != "object" then {keep: "has no event"}
      elif ."detail-type" == "Athena Spark Finding" then {drop: "is a finding of the sweep, which has expired"}
      elif .keepAlive then {drop: "is a keep-alive event"}
      else
        . as $event
        | (.detail // .) as $request
        | ($request.calculationExecutionId // $request.CalculationExecutionId // $request.responseElements.calculationExecutionId) as $calculation
        | ($request.sessionId // $request.SessionId // $request.alarmContributor.attributes.SessionId
            // [$request.configuration.metrics[]?.metricStat.metric.dimensions.SessionId | values][0]) as $session
        | if ($calculation // $session) == null then {keep: "names no calculation and no session"}
          else
            ($request.endSession // $request.EndSession) as $ends
            | {
                what: (if $calculation then "calculation \($calculation)" elif $ends then "the end of session \($session)" else "what runs in session \($session)" end),
                send: ({
                  calculationExecutionId: $calculation,
                  sessionId: (if $calculation then null else $session end),
                  endSession: (if $calculation then null else $ends end),
                  # Only a caller of the API or of the alias direct can have asked for it.
                  force: (if $calculation or ($ends | not) then null else ($request.force // $request.Force) end),
                  reason: ($request.reason // $request.Reason // "sent again from the dead-letter queue"),
                  requestedBy: ($request.claimedBy // $request.requestedBy // $request.RequestedBy),
                  dryRun: ($request.dryRun // $request.DryRun),
                  id: ($request.orderId // $event.id),
                  time: ($request.requestedAt // $event.time // $earliest)
                } | given)
              }
          end
      end
  end
