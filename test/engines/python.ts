/** The interpreter that scripts/test.mjs prepared with test/requirements.txt; undefined where there is none. */
export const PYTHON = process.env['OVERTURE_TEST_PYTHON'];

/** Tests of the Python SDK skip themselves on a machine without Python; .ci/run then fails. */
export const describeWithPython = PYTHON === undefined ? describe.skip : describe;
